package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// copyFlags are the fields of spec.safetyCopy, as flags.
type copyFlags struct{ kind, instance, keep string }

// copyKinds are the types of a safety copy, as people type them.
var copyKinds = map[string]v1alpha1.CopyType{
	"": "", "none": v1alpha1.CopyNone, "clone": v1alpha1.CopyClone, "snapshot": v1alpha1.CopySnapshot,
}

func (f *copyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "safety-copy", "", "keep a copy of the present first: none, clone or snapshot; by default what the AuroraCluster says")
	flags.StringVar(&f.instance, "safety-copy-instance", "", "class of an instance for the clone, such as db.t4g.medium, so that it can be read at once")
	flags.StringVar(&f.keep, "safety-copy-keep", "", "how long the copy is wanted, such as 48h; nothing deletes it by itself")
	_ = cmd.RegisterFlagCompletionFunc("safety-copy", cobra.FixedCompletions([]string{"none", "clone", "snapshot"}, cobra.ShellCompDirectiveNoFileComp))
}

// safetyCopy is what the flags ask for; nil when they ask for nothing.
func (f *copyFlags) safetyCopy() (*v1alpha1.SafetyCopy, error) {
	kind, known := copyKinds[f.kind]
	if !known {
		return nil, fmt.Errorf("--safety-copy=%s is not known: choose none, clone or snapshot", f.kind)
	}
	if *f == (copyFlags{}) {
		return nil, nil //nolint:nilnil // nothing is asked for
	}
	return &v1alpha1.SafetyCopy{Type: kind, InstanceClass: v1alpha1.InstanceClass(f.instance), KeepFor: v1alpha1.Duration(f.keep)}, nil
}
