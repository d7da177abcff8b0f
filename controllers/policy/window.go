package policy

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Opening says whether a rewind may start at a time, by an AuroraCluster's policy.windows.
type Opening struct {
	Open bool
	// Since is when the window that is open opened; zero when there are no windows.
	Since time.Time
	// Next is when the next window opens; zero when none ever does.
	Next time.Time
}

// Windows reads whether a rewind may start now. Without windows it may at all times. An error names the field that can't be
// read; then nothing may start.
func Windows(windows []v1alpha1.StartWindow, now time.Time) (Opening, error) {
	opening := Opening{Open: len(windows) == 0}
	for i, window := range windows {
		schedule, length, err := read(window)
		if err != nil {
			return Opening{}, fmt.Errorf("policy.windows[%d].%w", i, err)
		}
		if opened := schedule.Next(now.Add(-length)); !opened.IsZero() && !opened.After(now) {
			if !opening.Open || opened.Before(opening.Since) {
				opening.Since = opened
			}
			opening.Open = true
		}
		if opens := schedule.Next(now); opening.Next.IsZero() || (!opens.IsZero() && opens.Before(opening.Next)) {
			opening.Next = opens
		}
	}
	return opening, nil
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
