// Package policy evaluates what an AuroraCluster's policy says. It is pure.
package policy

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Open tells whether a rewind may start now, and if not, when the next window opens. Without windows it may at
// all times. An error names the field that can't be read; then nothing may start.
func Open(windows []v1alpha1.StartWindow, now time.Time) (open bool, next time.Time, err error) {
	for i, window := range windows {
		schedule, length, err := read(window)
		if err != nil {
			return false, time.Time{}, fmt.Errorf("policy.windows[%d].%w", i, err)
		}
		if opened := schedule.Next(now.Add(-length)); !opened.IsZero() && !opened.After(now) {
			open = true
		}
		if opens := schedule.Next(now); next.IsZero() || (!opens.IsZero() && opens.Before(next)) {
			next = opens
		}
	}
	return open || len(windows) == 0, next, nil
}

func read(window v1alpha1.StartWindow) (cron.Schedule, time.Duration, error) {
	zone, err := time.LoadLocation(window.TimeZone)
	if err != nil {
		return nil, 0, fmt.Errorf("timeZone: %q is no IANA time zone, such as Europe/Berlin", window.TimeZone)
	}
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone.String() + " " + window.Schedule)
	if err != nil {
		return nil, 0, fmt.Errorf("schedule: %q is no cron expression of five fields, such as \"0 22 * * 1-5\": %w", window.Schedule, err)
	}
	length := window.Duration.Or(0)
	if length <= 0 {
		return nil, 0, fmt.Errorf("duration: %q is no length of time, such as 4h", window.Duration)
	}
	return schedule, length, nil
}
