package command

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/report"
)

type reportOptions struct {
	*Session
	file string
	logs report.Logs
}

func newReport(s *Session) *cobra.Command {
	o := &reportOptions{Session: s}
	o.logs.Config = s.Config
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "Write one file for a ticket: the objects, events, RDS's record and logs",
		Long: "Writes a file in Markdown with all that is known of a rewind: its status, the timeline of its cluster, both objects, " +
			"their events and what the operator's logs say about it. Secrets are taken out; read it before you pass it on.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
		ValidArgsFunction: completion{s}.backtracks,
	}
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "the file; by default backtrack-report-NAME.md, - for standard output")
	cmd.Flags().StringVar(&o.logs.Namespace, "operator-namespace", operatorNamespace, "where the operator runs")
	cmd.Flags().Int64Var(&o.logs.Lines, "lines", 5000, "how many lines of each log are searched")
	return cmd
}

func (o *reportOptions) run(ctx context.Context, name string) error {
	k, err := o.Client()
	if err != nil {
		return err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return err
	}
	text := report.Source{Kube: k, Terminal: o.Terminal, Version: o.Version, Logs: o.logs}.Write(ctx, b)
	if o.file == "-" {
		_, err := io.WriteString(o.Out, text)
		return err
	}
	file := o.file
	if file == "" {
		file = "backtrack-report-" + b.Name + ".md"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	o.Printf("%s written; read it before you pass it on\n", file)
	return nil
}
