package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// registerCompletions completes the flags that all commands have.
func registerCompletions(s *Session, root *cobra.Command) {
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("context", s.completeContexts)
	_ = root.RegisterFlagCompletionFunc("namespace", s.completeNamespaces)
}

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeClusters completes one argument with the names of AuroraClusters.
func (s *Session) completeClusters(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return s.completeClusterFlag(cmd, nil, typed)
}

func (s *Session) completeClusterFlag(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var list v1alpha1.AuroraClusterList
	c, err := s.client()
	if err != nil || c.List(cmd.Context(), &list) != nil {
		return nil, noFiles
	}
	var names []string
	for i := range list.Items {
		cluster := &list.Items[i]
		names = append(names, cluster.Name+"\treaches back to "+or(string(cluster.Status.EarliestBacktrackTime)))
	}
	return begin(names, typed), noFiles
}

type filter func(*v1alpha1.AuroraBacktrack) bool

func (s *Session) completeBacktracks(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.completeNames(cmd, args, typed, func(*v1alpha1.AuroraBacktrack) bool { return true })
}

func (s *Session) completeSuspended(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.completeNames(cmd, args, typed, func(b *v1alpha1.AuroraBacktrack) bool { return !finished(b) && b.Spec.Suspend })
}

func (s *Session) completeRunning(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.completeNames(cmd, args, typed, func(b *v1alpha1.AuroraBacktrack) bool { return !finished(b) })
}

func (s *Session) completeNames(cmd *cobra.Command, args []string, typed string, wanted filter) ([]string, cobra.ShellCompDirective) {
	var list v1alpha1.AuroraBacktrackList
	c, err := s.client()
	if err != nil || len(args) > 0 {
		return nil, noFiles
	}
	namespace, err := s.namespace()
	if err != nil || c.List(cmd.Context(), &list, client.InNamespace(namespace)) != nil {
		return nil, noFiles
	}
	var names []string
	for i := range list.Items {
		if b := &list.Items[i]; wanted(b) {
			why, _ := reason(b)
			names = append(names, b.Name+"\t"+b.Spec.ClusterRef.Name+" to "+string(b.Spec.BacktrackTo)+", "+why)
		}
	}
	return begin(names, typed), noFiles
}

func (s *Session) completeContexts(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	config, err := s.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, noFiles
	}
	var names []string
	for name := range config.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return begin(names, typed), noFiles
}

func (s *Session) completeNamespaces(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	all, err := s.backtracks(cmd.Context(), "")
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

// begin picks those that begin with what is typed.
func begin(names []string, typed string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, typed) })
}
