// Package report writes all that is known of a rewind into one text for a ticket, without what is secret.
package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// mostStretches is how many stretches the report's picture has at most, and pictureWidth its columns.
const (
	mostStretches = 12
	pictureWidth  = 120
)

// Source is where a report takes its facts from.
type Source struct {
	Kube     *kube.Client
	Terminal *terminal.Terminal
	Version  string
	// Logs are those of the operator.
	Logs Logs
}

// Write gives the whole report, without what is secret. What can't be read is named in its place, so that the rest still
// helps.
func (s Source) Write(ctx context.Context, b *v1alpha1.AuroraBacktrack) string {
	var out bytes.Buffer
	s.section(&out, "# AuroraBacktrack %s/%s\n\nWritten at %s by kubectl-backtrack %s.", "", func() error {
		show.Status(s.Terminal.Plain(&out), b)
		return nil
	}, b.Namespace, b.Name, timeline.Typed(s.Terminal.Now()), s.Version)
	cluster, clusterErr := s.Kube.Cluster(ctx, b.Spec.ClusterRef.Name)
	s.section(&out, "## Timeline of the cluster", "", func() error {
		if clusterErr != nil {
			return clusterErr
		}
		t := timeline.New(timeline.Of(cluster, s.Terminal.Now(), s.Kube.Requesters(ctx, cluster.Name)))
		return t.Text(&out, timeline.TextOptions{Width: pictureWidth, Most: mostStretches})
	})
	s.section(&out, "## AuroraBacktrack", "yaml", func() error { return object(&out, b, "AuroraBacktrack") })
	if clusterErr == nil {
		s.section(&out, "## AuroraCluster, with the ledger", "yaml", func() error { return object(&out, cluster, "AuroraCluster") })
	}
	s.section(&out, "## Events", "", func() error {
		err := s.events(ctx, &out, b)
		if err != nil || clusterErr != nil {
			return err
		}
		return s.events(ctx, &out, cluster)
	})
	s.section(&out, "## Logs of the operator", "", func() error { return s.Logs.write(ctx, s.Kube, &out, b) })
	return Redact(printable(out.String()))
}

// section writes a heading, and a block with what write writes, or why it could not.
func (s Source) section(out io.Writer, heading, language string, write func() error, args ...any) {
	if heading[:2] == "##" {
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, heading+"\n\n```%s\n", append(args, language)...)
	if err := write(); err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
	}
	fmt.Fprint(out, "```\n")
}

// object prints an object in YAML.
func object(out io.Writer, object client.Object, kind string) error {
	object.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	object.SetManagedFields(nil)
	return (&printers.YAMLPrinter{}).PrintObj(object.(runtime.Object), out)
}

// events prints those of an object, oldest first.
func (s Source) events(ctx context.Context, out io.Writer, object client.Object) error {
	var list corev1.EventList
	err := s.Kube.List(ctx, &list, &client.ListOptions{
		Namespace: object.GetNamespace(), FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(object.GetUID())),
	})
	if err != nil {
		return err
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return seen(a).Compare(seen(b).Time) })
	for _, e := range list.Items {
		fmt.Fprintf(out, "%s  %-8s %-22s %s\n", seen(e).UTC().Format("2006-01-02T15:04:05Z"), e.Type, e.Reason, strings.TrimSpace(e.Message))
	}
	return nil
}

// seen is when an event was last seen.
func seen(e corev1.Event) metav1.Time {
	switch {
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp
	case !e.EventTime.IsZero():
		return metav1.NewTime(e.EventTime.Time)
	}
	return e.CreationTimestamp
}
