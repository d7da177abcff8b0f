package backtrack

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// record is the state of a backtrack as the local Aurora knows it, listed or not.
func (w *world) record(id string) string {
	w.t.Helper()
	for _, name := range []string{"testcluster", "other"} {
		c, err := w.rds.Cluster(name)
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

// stepConditions are the conditions of the steps of a rewind, in their order.
func stepConditions() []string {
	return []string{
		v1alpha1.ConditionAdmitted, v1alpha1.ConditionPreflightPassed, v1alpha1.ConditionDependentsPaused,
		v1alpha1.ConditionBacktracked, v1alpha1.ConditionClusterAvailable, v1alpha1.ConditionDependentsReconnected,
	}
}

// path is how far the object came: each step's condition that is True or False, with its reason.
func path(b *v1alpha1.AuroraBacktrack) string {
	var steps []string
	for _, condition := range stepConditions() {
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		switch {
		case c == nil:
			steps = append(steps, condition+" missing")
		case c.Status != metav1.ConditionUnknown:
			steps = append(steps, fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason))
		case c.Reason != v1alpha1.ReasonNotReached && c.Reason != v1alpha1.ReasonWaiting:
			steps = append(steps, fmt.Sprintf("%s?%s", c.Type, c.Reason))
		}
	}
	return strings.Join(steps, " ")
}

// newsOf are the events of the AuroraBacktrack of that name.
func (w *world) newsOf(name string) []corev1.Event {
	w.t.Helper()
	var list corev1.EventList
	if err := w.api.List(context.Background(), &list); err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(e corev1.Event) bool {
		return e.InvolvedObject.Name != name || e.InvolvedObject.Kind != "AuroraBacktrack"
	})
}

// events are their types and reasons, in alphabetical order.
func (w *world) events(name string) []string {
	w.t.Helper()
	var told []string
	for _, e := range w.newsOf(name) {
		told = append(told, e.Type+" "+e.Reason)
	}
	slices.Sort(told)
	return told
}

var resourceID = regexp.MustCompile(`cluster-[A-Z0-9]{26}`)

// readable writes #1, #2 … for the ids of RDS's records, and cluster-A, cluster-B … for those of clusters, from
// the last one that is named. They are different in every run.
func (w *world) readable(text string) string {
	if named := resourceID.FindAllString(text, -1); len(named) == 2 {
		text = strings.NewReplacer(named[1], "cluster-A", named[0], "cluster-B").Replace(text)
	}
	for _, name := range []string{"testcluster", "other"} {
		c, err := w.rds.Cluster(name)
		if err != nil {
			continue
		}
		for i := range c.Backtracks {
			text = strings.ReplaceAll(text, c.Backtracks[i].Identifier, fmt.Sprintf("#%d", i+1))
		}
	}
	return text
}

// message of the object's condition, readable.
func (w *world) message(b *v1alpha1.AuroraBacktrack, condition string) string {
	w.t.Helper()
	c := meta.FindStatusCondition(b.Status.Conditions, condition)
	if c == nil {
		return ""
	}
	return w.readable(c.Message)
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n  %v\nwant\n  %v", what, got, want)
	}
}

// elsewhere makes a backtrack as somebody in the console would, and gives its id.
func (w *world) elsewhere(identifier, to string) string {
	w.t.Helper()
	console := rds.NewProvider(rds.Options{Clock: w.clock, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("console", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: w.rds.Client(),
	}})
	record, err := console.Backtrack(context.Background(), rds.Target{Identifier: identifier}, rds.Request{To: v1alpha1.Timestamp(to).Time()})
	if err != nil {
		w.t.Fatal(err)
	}
	return record.ID
}
