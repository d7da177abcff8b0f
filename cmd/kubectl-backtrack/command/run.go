package command

import (
	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/when"
)

func newRun(s *Session) *cobra.Command {
	r := newRequest(s)
	var to string
	cmd := &cobra.Command{
		Use:   "run CLUSTER --to TIME",
		Short: "Rewind a cluster, and follow it to the end",
		Long: "Rewinds an Aurora cluster to a time: shows the plan, asks, and follows the rewind until the applications are back.\n\n" +
			"TIME is RFC 3339 (2023-12-23T13:55:00Z), a clock time of your zone (13:55, yesterday 23:10, 2023-12-23 13:55) or a " +
			"distance (-15m). A relative time is made absolute once, before anything happens. Ctrl-C ends the following, not the rewind.",
		Example: `  kubectl backtrack run game --to 13:55
  kubectl backtrack run game --to -15m --yes
  kubectl backtrack run game --to 13:55 --verify check-orders
  kubectl backtrack run game --to 2023-12-23T13:55:00Z --dry-run=client -o yaml > rewind.yaml`,
		Args: oneArg("CLUSTER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := when.Parse(to, s.Now(), s.Zone)
			if err != nil {
				return err
			}
			return r.ask(cmd.Context(), args[0], at)
		},
		ValidArgsFunction: completion{s}.cluster,
	}
	r.add(cmd)
	r.spec.verify.add(cmd)
	addTo(cmd, &to)
	return cmd
}
