package command

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// onFailures are the values of --on-failure.
var onFailures = map[string]v1alpha1.OnFailure{"keep": v1alpha1.OnFailureKeep}

// verifyFlags ask for a check of the rewound data.
type verifyFlags struct {
	cronJob, onFailure string
	timeout            time.Duration
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.cronJob, "verify", "", "CronJob of the namespace that checks the rewound data before the applications come back; its owner has to consent")
	flags.StringVar(&f.onFailure, "on-failure", "", "what follows when the check fails: "+onFailureValues()+" (default keep)")
	flags.DurationVar(&f.timeout, "verify-timeout", 0, "how long the check may take (default 5m)")
	_ = cmd.RegisterFlagCompletionFunc("verify", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("on-failure", cobra.FixedCompletions(slices.Sorted(maps.Keys(onFailures)), cobra.ShellCompDirectiveNoFileComp))
}

func onFailureValues() string { return strings.Join(slices.Sorted(maps.Keys(onFailures)), " or ") }

// field is spec.verify as the flags ask for it; nil without a check.
func (f *verifyFlags) field() (*v1alpha1.Verify, error) {
	if f.cronJob == "" {
		if f.onFailure != "" || f.timeout != 0 {
			return nil, errors.New("--on-failure and --verify-timeout are about a check: name its CronJob with --verify")
		}
		return nil, nil
	}
	verify := &v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: f.cronJob}}
	if f.onFailure != "" {
		known := false
		if verify.OnFailure, known = onFailures[f.onFailure]; !known {
			return nil, fmt.Errorf("--on-failure=%s is not known: choose %s", f.onFailure, onFailureValues())
		}
	}
	if f.timeout < 0 {
		return nil, fmt.Errorf("--verify-timeout %s is not a length of time: choose one such as 5m", f.timeout)
	}
	if f.timeout > 0 {
		verify.Timeout = v1alpha1.Duration(f.timeout.Round(time.Millisecond).String())
	}
	return verify, nil
}
