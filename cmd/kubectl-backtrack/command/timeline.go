package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/changes"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// mostStretches is how many stretches are drawn, unless all are asked for: what a screen holds.
const mostStretches = 12

type timelineOptions struct {
	*Session
	format   string
	with     []string
	all, utc bool
	width    int
}

func newTimeline(s *Session) *cobra.Command {
	o := &timelineOptions{Session: s}
	cmd := &cobra.Command{
		Use:   "timeline CLUSTER",
		Short: "Draw the history of a cluster: what was rewound, from where, to where",
		Long: "Draws the history of a cluster as stretches of time. Each backtrack starts a stretch, which continues from a point " +
			"of an earlier one: follow the arrows back to see where the data came from. Beside each stretch stands the time to type in order " +
			"to get to its end. What has left the backtrack window is dim.",
		Example: `  kubectl backtrack timeline game
  kubectl backtrack timeline game --with workloads
  kubectl backtrack timeline game -o svg > incident.svg`,
		Args:              oneArg("CLUSTER"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
		ValidArgsFunction: completion{s}.cluster,
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.format, "output", "o", "text", "text, svg or json")
	flags.StringSliceVar(&o.with, "with", nil, "what else to show: workloads (rollouts, Jobs, changed ConfigMaps and Secrets)")
	flags.BoolVar(&o.all, "all", false, fmt.Sprintf("draw all stretches, not only the %d that matter most", mostStretches))
	flags.BoolVar(&o.utc, "utc", true, "show times in UTC; with --utc=false in your zone")
	flags.IntVar(&o.width, "width", 0, "columns of the text; by default those of the terminal, else 80")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "svg", "json"}, noFiles))
	_ = cmd.RegisterFlagCompletionFunc("with", cobra.FixedCompletions([]string{"workloads"}, noFiles))
	return cmd
}

func (o *timelineOptions) run(ctx context.Context, name string) error {
	s := o.Session
	if !slices.Contains([]string{"text", "svg", "json"}, o.format) {
		return fmt.Errorf("-o %s is not known: choose text, svg or json", o.format)
	}
	k, err := s.Client()
	if err != nil {
		return err
	}
	cluster, err := k.Cluster(ctx, name)
	if err != nil {
		return err
	}
	history := timeline.Of(cluster, s.Now(), k.Requesters(ctx, name))
	for _, what := range o.with {
		if what != "workloads" {
			return fmt.Errorf("--with %s is not known: choose workloads", what)
		}
		known, err := changes.Find(ctx, k, cluster, changes.ProgramsAndSettings(), s.Notef)
		if err != nil {
			return err
		}
		for _, change := range known {
			history.Moments = append(history.Moments, timeline.Moment{At: change.At, What: change.What})
		}
	}
	t := timeline.New(history)
	return o.print(&t)
}

func (o *timelineOptions) print(t *timeline.Timeline) error {
	s, most, zone := o.Session, mostStretches, time.UTC
	if !o.utc {
		zone = s.Zone
	}
	if o.all {
		most = 0
	}
	switch o.format {
	case "svg":
		return t.SVG(s.Out, timeline.SVGOptions{Most: most, Zone: zone})
	case "json":
		encoder := json.NewEncoder(s.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(t)
	}
	width := o.width
	if width == 0 {
		width = s.Width()
	}
	return t.Text(s.Out, timeline.TextOptions{Width: width, Colour: s.Coloured(), ASCII: s.ASCII(), Most: most, Zone: zone})
}
