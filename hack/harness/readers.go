package harness

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// ClusterReady is what a person reads of an AuroraCluster: Ready, its reason, what kstatus makes of it, the message.
func (env *Env) ClusterReady(name string) string {
	env.T.Helper()
	c := env.ReadCluster(name)
	r := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)
	if r == nil {
		return "nothing"
	}
	return strings.Join([]string{string(r.Status), r.Reason, string(KStatus(c)), r.Message}, " | ")
}

// ClusterEvents are the type and message of every event of an AuroraCluster with the reason.
func (env *Env) ClusterEvents(reason string) (messages []string) {
	env.T.Helper()
	var list corev1.EventList
	if err := env.API.List(context.Background(), &list); err != nil {
		env.T.Fatal(err)
	}
	for _, e := range list.Items {
		if e.InvolvedObject.Kind == "AuroraCluster" && e.Reason == reason {
			messages = append(messages, e.Type+" "+env.Readable(e.Message))
		}
	}
	return messages
}

// RestartedBy is what the newest restart of game-api was for, readable.
func (env *Env) RestartedBy() string {
	env.T.Helper()
	return env.Readable(env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation])
}

// Ledger is what the ledger of AuroraCluster game has, oldest first.
func (env *Env) Ledger() string {
	env.T.Helper()
	var entries []string
	for _, e := range env.ReadCluster("game").Status.Backtracks {
		by := "elsewhere"
		if e.RequestedBy != nil {
			by = e.RequestedBy.Name
		}
		entries = append(entries, e.Status+" "+by)
	}
	return strings.Join(entries, ", ")
}

// RecordStatus is the state of a backtrack as the local Aurora knows it, listed or not.
func (env *Env) RecordStatus(id string) string {
	env.T.Helper()
	for _, name := range []string{"testcluster", "other"} {
		c, err := env.RDS.Cluster(name)
		if err != nil {
			continue
		}
		for i := range c.Backtracks {
			if c.Backtracks[i].Identifier == id {
				return c.Backtracks[i].State()
			}
		}
	}
	return ""
}

// EventsOf are the events of the AuroraBacktrack of that name.
func (env *Env) EventsOf(name string) []corev1.Event {
	env.T.Helper()
	var list corev1.EventList
	if err := env.API.List(context.Background(), &list); err != nil {
		env.T.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(e corev1.Event) bool {
		return e.InvolvedObject.Name != name || e.InvolvedObject.Kind != "AuroraBacktrack"
	})
}

// OnEvent calls f for every event that is written, in the moment in which it is. f must not call the API server.
func (env *Env) OnEvent(f func(*corev1.Event)) {
	env.Server.OnChange(func(_, object fakeapi.Object) {
		if kind, _ := object["kind"].(string); kind != "Event" {
			return
		}
		if _, e := typed[corev1.Event](env, objectChange{nil, object}); e != nil {
			f(e)
		}
	})
}

// EventReasons are their types and reasons, in alphabetical order.
func (env *Env) EventReasons(name string) []string {
	env.T.Helper()
	var told []string
	for _, e := range env.EventsOf(name) {
		told = append(told, e.Type+" "+e.Reason)
	}
	slices.Sort(told)
	return told
}

var (
	resourceID = regexp.MustCompile(`cluster-[A-Z0-9]{26}`)
	safetyCopy = regexp.MustCompile(`aurora-backtrack-[0-9a-f]{8}-[0-9a-f-]{27}`)
)

// Readable writes #1, #2 … for the ids of RDS's records, and cluster-A, cluster-B … for those of clusters, from
// the last one that is named, and COPY for a safety copy. They are different in every run.
func (env *Env) Readable(text string) string {
	if named := resourceID.FindAllString(text, -1); len(named) == 2 {
		text = strings.NewReplacer(named[1], "cluster-A", named[0], "cluster-B").Replace(text)
	}
	text = safetyCopy.ReplaceAllString(text, "COPY")
	for _, name := range []string{"testcluster", "other"} {
		c, err := env.RDS.Cluster(name)
		if err != nil {
			continue
		}
		for i := range c.Backtracks {
			text = strings.ReplaceAll(text, c.Backtracks[i].Identifier, fmt.Sprintf("#%d", i+1))
		}
	}
	return text
}

// Message of the object's condition, readable.
func (env *Env) Message(b *v1alpha1.AuroraBacktrack, condition string) string {
	env.T.Helper()
	c := meta.FindStatusCondition(b.Status.Conditions, condition)
	if c == nil {
		return ""
	}
	return env.Readable(c.Message)
}
