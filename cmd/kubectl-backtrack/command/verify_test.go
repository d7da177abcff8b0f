package command

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestVerifyFlags(t *testing.T) {
	for name, test := range map[string]struct {
		flags verifyFlags
		want  v1alpha1.Verify
		err   string
	}{
		"no check":                  {},
		"a check":                   {flags: verifyFlags{cronJob: "check"}, want: v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: "check"}}},
		"keep, within 90 seconds":   {flags: verifyFlags{cronJob: "check", onFailure: "keep", timeout: 90 * time.Second}, want: v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: "check"}, OnFailure: "Keep", Timeout: "1m30s"}},
		"an unknown end":            {flags: verifyFlags{cronJob: "check", onFailure: "panic"}, err: "--on-failure=panic is not known: choose " + onFailureValues()},
		"a negative time":           {flags: verifyFlags{cronJob: "check", timeout: -time.Second}, err: "--verify-timeout -1s is not a length of time: choose one such as 5m"},
		"an end without a check":    {flags: verifyFlags{onFailure: "keep"}, err: "--on-failure and --verify-timeout are about a check: name its CronJob with --verify"},
		"a timeout without a check": {flags: verifyFlags{timeout: time.Second}, err: "--on-failure and --verify-timeout are about a check: name its CronJob with --verify"},
	} {
		got, err := test.flags.field()
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if problem != test.err || got != nil && *got != test.want || got == nil && test.want.JobFrom.CronJob != "" {
			t.Errorf("%s: %+v, %v\nwant %+v, %s", name, got, err, test.want, test.err)
		}
	}
}
