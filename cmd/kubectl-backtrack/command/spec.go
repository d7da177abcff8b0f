package command

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/when"
)

// specFlags are the fields of an AuroraBacktrack's spec, as flags.
type specFlags struct {
	name, startDeadline, repeat string
	force, useEarliest          bool
	ttl                         time.Duration
	verify                      verifyFlags
	copy                        copyFlags
}

func (f *specFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "name of the AuroraBacktrack; by default it follows from the cluster and the time")
	flags.BoolVar(&f.force, "force", false, "rewind although binary logging is on; the AuroraCluster's policy must allow it")
	flags.BoolVar(&f.useEarliest, "use-earliest", false, "go to the earliest time of the window if the time lies before it")
	flags.StringVar(&f.startDeadline, "start-deadline", "", "do not start after this time, such as 2023-12-23T15:00:00Z or 30m")
	flags.StringVar(&f.repeat, "repeat", "", "identifier of the backtrack to the same time after which this one is wanted once more")
	f.copy.add(cmd)
	flags.DurationVar(&f.ttl, "ttl", 0, "delete the AuroraBacktrack this long after it finished, such as 168h")
}

// object makes the AuroraBacktrack that the flags ask for.
func (f *specFlags) object(s *Session, cluster string, to time.Time) (*v1alpha1.AuroraBacktrack, error) {
	namespace, err := s.Namespace()
	if err != nil {
		return nil, err
	}
	b := &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: f.name},
		Spec: v1alpha1.AuroraBacktrackSpec{
			ClusterRef: v1alpha1.ClusterReference{Name: cluster}, BacktrackTo: v1alpha1.NewTimestamp(to),
			Force: f.force, UseEarliestTimeOnPointInTimeUnavailable: f.useEarliest, Repeat: f.repeat,
		},
	}
	b.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("AuroraBacktrack"))
	if b.Name == "" {
		b.Name = fmt.Sprintf("%s-to-%s", cluster, to.UTC().Format("20060102-150405"))
	}
	if b.Spec.Verify, err = f.verify.field(); err != nil {
		return nil, err
	}
	if f.ttl < 0 || f.ttl.Seconds() > math.MaxInt32 {
		return nil, fmt.Errorf("--ttl %s is out of range: choose 0s to %ds", f.ttl, math.MaxInt32)
	}
	if f.ttl > 0 {
		b.Spec.TTLSecondsAfterFinished = ptr.To(int32(f.ttl.Seconds()))
	}
	if b.Spec.SafetyCopy, err = f.copy.safetyCopy(); err != nil {
		return nil, err
	}
	if f.startDeadline != "" {
		deadline, err := when.ParseDeadline(f.startDeadline, s.Now(), s.Zone)
		if err != nil {
			return nil, fmt.Errorf("--start-deadline: %w", err)
		}
		b.Spec.StartDeadline = v1alpha1.NewTimestamp(deadline)
	}
	return b, nil
}

// forGit is the object as one writes it into a repository: without status and without what is false or absent.
func forGit(b *v1alpha1.AuroraBacktrack) (runtime.Object, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(b)
	if err != nil {
		return nil, fmt.Errorf("writing the object: %w", err)
	}
	delete(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(content, "metadata", "managedFields")
	if spec, ok := content["spec"].(map[string]any); ok {
		for name, value := range spec {
			if value == false || value == "" {
				delete(spec, name)
			}
		}
	}
	object := &unstructured.Unstructured{Object: content}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("AuroraBacktrack"))
	return object, nil
}

// addTo adds the flag that says which time is meant.
func addTo(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "to", "", "the time to go to (required)")
	_ = cmd.MarkFlagRequired("to") // the flag exists
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.NoFileCompletions)
}
