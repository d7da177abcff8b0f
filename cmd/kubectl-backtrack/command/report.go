package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

type reportOptions struct {
	session        *Session
	file, operator string
	lines          int64
}

func newReport(s *Session) *cobra.Command {
	o := &reportOptions{session: s}
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "Write one file for a ticket: the objects, events, RDS's record and logs",
		Long: "Writes a file in Markdown with all that is known of a rewind: its status, the timeline of its cluster, both objects, " +
			"their events and what the operator's logs say about it. Secrets are taken out; read it before you pass it on.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
		ValidArgsFunction: s.completeBacktracks,
	}
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the file; by default backtrack-report-NAME.md, - for standard output")
	cmd.Flags().StringVar(&o.operator, "operator-namespace", operatorNamespace, "where the operator runs")
	cmd.Flags().Int64Var(&o.lines, "lines", 5000, "how many lines of each log are searched")
	return cmd
}

func (o *reportOptions) run(ctx context.Context, name string) error {
	s := o.session
	b, err := s.backtrack(ctx, name)
	if err != nil {
		return err
	}
	text := redact(printable(o.write(ctx, b)))
	if o.file == "-" {
		_, err := io.WriteString(s.Out, text)
		return err
	}
	file := o.file
	if file == "" {
		file = "backtrack-report-" + b.Name + ".md"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	s.printf("%s written; read it before you pass it on\n", file)
	return nil
}

// write gives the whole report. What can't be read is named in its place, so that the rest still helps.
func (o *reportOptions) write(ctx context.Context, b *v1alpha1.AuroraBacktrack) string {
	s := *o.session // with an output of its own, without colours
	var out bytes.Buffer
	s.Out, s.colour = &out, "never"
	fmt.Fprintf(&out, "# AuroraBacktrack %s/%s\n\nWritten at %s by kubectl-backtrack %s.\n\n```\n", b.Namespace, b.Name, timeline.Typed(s.now()), s.version)
	s.describe(b)
	fmt.Fprint(&out, "```\n")
	cluster, err := s.cluster(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		fmt.Fprintf(&out, "\n(%v)\n", err)
	} else {
		fmt.Fprint(&out, "\n## Timeline of the cluster\n\n```\n")
		t := timeline.New(timeline.Of(cluster, s.now(), s.requesters(ctx, cluster.Name)))
		_ = t.Text(&out, timeline.TextOptions{Width: 120, Most: mostStretches}) // writing to memory does not fail
		fmt.Fprint(&out, "```\n")
	}
	o.object(&out, "AuroraBacktrack", b, "AuroraBacktrack")
	if cluster != nil && err == nil {
		o.object(&out, "AuroraCluster, with the ledger", cluster, "AuroraCluster")
	}
	fmt.Fprint(&out, "\n## Events\n\n```\n")
	for _, object := range []client.Object{b, cluster} {
		if object != client.Object(cluster) || err == nil {
			o.events(ctx, &out, object)
		}
	}
	fmt.Fprint(&out, "```\n\n## Logs of the operator\n\n```\n")
	o.logs(ctx, &out, b)
	fmt.Fprint(&out, "```\n")
	return out.String()
}

// object prints an object in YAML.
func (o *reportOptions) object(out io.Writer, title string, object client.Object, kind string) {
	object.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	object.SetManagedFields(nil)
	fmt.Fprintf(out, "\n## %s\n\n```yaml\n", title)
	if err := (&printers.YAMLPrinter{}).PrintObj(object.(runtime.Object), out); err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
	}
	fmt.Fprint(out, "```\n")
}

func (o *reportOptions) events(ctx context.Context, out io.Writer, object client.Object) {
	var list corev1.EventList
	err := o.session.connected.List(ctx, &list, &client.ListOptions{
		Namespace: object.GetNamespace(), FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(object.GetUID())),
	})
	if err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
		return
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return seen(a).Compare(seen(b).Time) })
	for _, e := range list.Items {
		fmt.Fprintf(out, "%s  %-8s %-22s %s\n", seen(e).UTC().Format("2006-01-02T15:04:05Z"), e.Type, e.Reason, strings.TrimSpace(e.Message))
	}
}

// logs are the lines of the operator's logs that name the object.
func (o *reportOptions) logs(ctx context.Context, out io.Writer, b *v1alpha1.AuroraBacktrack) {
	s := o.session
	var pods corev1.PodList
	if err := s.connected.List(ctx, &pods, client.InNamespace(o.operator), client.MatchingLabels{"app.kubernetes.io/component": "manager"}); err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
		return
	}
	config, err := s.config()
	if err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
		return
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		fmt.Fprintf(out, "(%v)\n", err)
		return
	}
	for i := range pods.Items {
		text, err := clients.CoreV1().Pods(o.operator).GetLogs(pods.Items[i].Name, &corev1.PodLogOptions{TailLines: ptr.To(o.lines)}).DoRaw(ctx)
		if err != nil {
			fmt.Fprintf(out, "(%s: %v)\n", pods.Items[i].Name, err)
			continue
		}
		for text := range strings.Lines(string(text)) {
			if strings.Contains(text, b.Name) || strings.Contains(text, string(b.UID)) {
				fmt.Fprintf(out, "%s: %s\n", pods.Items[i].Name, strings.TrimRight(text, "\r\n"))
			}
		}
	}
}
