package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completion completes names that the API server knows.
type completion struct{ *Session }

// register completes the flags that all commands have.
func (c completion) register(root *cobra.Command) {
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, noFiles))
	_ = root.RegisterFlagCompletionFunc("context", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return begin(c.Contexts(), typed), noFiles
	})
	_ = root.RegisterFlagCompletionFunc("namespace", c.namespaces)
}

// cluster completes one argument with the names of AuroraClusters, clusters any number of them.
func (c completion) cluster(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return c.clusters(cmd, nil, typed)
}

func (c completion) clusters(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var list v1alpha1.AuroraClusterList
	k, err := c.Client()
	if err != nil || k.List(cmd.Context(), &list) != nil {
		return nil, noFiles
	}
	var names []string
	for i := range list.Items {
		if cluster := &list.Items[i]; !slices.Contains(args, cluster.Name) {
			names = append(names, cluster.Name+"\treaches back to "+show.Or(string(cluster.Status.EarliestBacktrackTime)))
		}
	}
	return begin(names, typed), noFiles
}

// backtracks completes one argument with the names of AuroraBacktracks; suspended, running and undoable with some of them.
func (c completion) backtracks(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return c.names(cmd, args, typed, func(*v1alpha1.AuroraBacktrack) bool { return true })
}

func (c completion) suspended(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return c.names(cmd, args, typed, func(b *v1alpha1.AuroraBacktrack) bool { return !outcome.Finished(b) && b.Spec.Suspend })
}

func (c completion) running(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return c.names(cmd, args, typed, func(b *v1alpha1.AuroraBacktrack) bool { return !outcome.Finished(b) })
}

func (c completion) undoable(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return c.names(cmd, args, typed, func(b *v1alpha1.AuroraBacktrack) bool { return b.Status.Backtrack != nil })
}

func (c completion) names(cmd *cobra.Command, args []string, typed string, wanted func(*v1alpha1.AuroraBacktrack) bool) ([]string, cobra.ShellCompDirective) {
	var list v1alpha1.AuroraBacktrackList
	k, err := c.Client()
	if err != nil || len(args) > 0 || k.List(cmd.Context(), &list, client.InNamespace(k.Namespace)) != nil {
		return nil, noFiles
	}
	var names []string
	for i := range list.Items {
		if b := &list.Items[i]; wanted(b) {
			why, _ := outcome.Reason(b)
			names = append(names, b.Name+"\t"+b.Spec.ClusterRef.Name+" to "+string(b.Spec.BacktrackTo)+", "+show.Or(why))
		}
	}
	return begin(names, typed), noFiles
}

// namespaces completes with those that have AuroraBacktracks.
func (c completion) namespaces(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	k, err := c.Client()
	if err != nil {
		return nil, noFiles
	}
	all, err := k.Backtracks(cmd.Context(), "")
	if err != nil {
		return nil, noFiles
	}
	var names []string
	for i := range all {
		names = append(names, all[i].Namespace)
	}
	slices.Sort(names)
	return begin(slices.Compact(names), typed), noFiles
}

// records completes with the identifiers of RDS's records of the cluster that --cluster names.
func (c completion) records(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	name, err := cmd.Flags().GetString("cluster")
	if err != nil || name == "" {
		return nil, noFiles
	}
	k, err := c.Client()
	if err != nil {
		return nil, noFiles
	}
	cluster, err := k.Cluster(cmd.Context(), name)
	if err != nil {
		return nil, noFiles
	}
	var ids []string
	for _, entry := range slices.Backward(cluster.Status.Backtracks) {
		if entry.ID != "" {
			ids = append(ids, entry.ID+"\tto "+string(entry.BacktrackTo)+", asked at "+string(entry.RequestedAt))
		}
	}
	return begin(ids, typed), noFiles
}

// begin picks those that begin with what is typed.
func begin(names []string, typed string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, typed) })
}
