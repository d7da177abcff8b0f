package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestWindows(t *testing.T) {
	nights := v1alpha1.StartWindow{Schedule: "0 22 * * 1-5", Duration: "4h", TimeZone: "Europe/Berlin"}
	noon := v1alpha1.StartWindow{Schedule: "0 12 * * *", Duration: "30m", TimeZone: "Etc/UTC"}
	tests := map[string]struct {
		windows   []v1alpha1.StartWindow
		now       string
		wantOpen  bool
		wantSince string
		wantNext  string
		wantError string
	}{
		"no windows":                         {now: "2023-12-20T03:00:00Z", wantOpen: true},
		"the moment it opens":                {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-20T21:00:00Z", wantOpen: true, wantSince: "2023-12-20T21:00:00Z", wantNext: "2023-12-21T21:00:00Z"},
		"a moment before":                    {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-20T20:59:59Z", wantNext: "2023-12-20T21:00:00Z"},
		"after midnight, still open":         {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-21T00:59:59Z", wantOpen: true, wantSince: "2023-12-20T21:00:00Z", wantNext: "2023-12-21T21:00:00Z"},
		"the moment it closes":               {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-21T01:00:00Z", wantNext: "2023-12-21T21:00:00Z"},
		"Friday's window reaches Saturday":   {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-23T00:30:00Z", wantOpen: true, wantSince: "2023-12-22T21:00:00Z", wantNext: "2023-12-25T21:00:00Z"},
		"no window on Saturday":              {windows: []v1alpha1.StartWindow{nights}, now: "2023-12-23T22:00:00Z", wantNext: "2023-12-25T21:00:00Z"},
		"summer time counts":                 {windows: []v1alpha1.StartWindow{nights}, now: "2023-07-19T20:00:00Z", wantOpen: true, wantSince: "2023-07-19T20:00:00Z", wantNext: "2023-07-20T20:00:00Z"},
		"one of two":                         {windows: []v1alpha1.StartWindow{nights, noon}, now: "2023-12-20T12:10:00Z", wantOpen: true, wantSince: "2023-12-20T12:00:00Z", wantNext: "2023-12-20T21:00:00Z"},
		"a zone that does not exist":         {windows: []v1alpha1.StartWindow{{Schedule: "0 1 * * *", Duration: "1h", TimeZone: "Mars/Base"}}, now: "2023-12-20T12:00:00Z", wantError: `policy.windows[0].timeZone: "Mars/Base" is no IANA time zone`},
		"a schedule with a smuggled zone":    {windows: []v1alpha1.StartWindow{{Schedule: "CRON_TZ=UTC 0 1 * * *", Duration: "1h"}}, now: "2023-12-20T12:00:00Z", wantError: `policy.windows[0].schedule: "CRON_TZ=UTC 0 1 * * *" is no cron expression`},
		"a schedule that is no schedule":     {windows: []v1alpha1.StartWindow{noon, {Schedule: "at night", Duration: "1h"}}, now: "2023-12-20T12:00:00Z", wantError: `policy.windows[1].schedule: "at night" is no cron expression`},
		"a day that never comes never opens": {windows: []v1alpha1.StartWindow{{Schedule: "0 0 30 2 *", Duration: "1h", TimeZone: "Etc/UTC"}}, now: "2023-12-20T12:00:00Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			opening, err := Windows(test.windows, v1alpha1.Timestamp(test.now).Time())
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) || opening.Open {
					t.Fatalf("got %v, %v; want the error %q", opening.Open, err, test.wantError)
				}
				return
			}
			if err != nil || opening.Open != test.wantOpen {
				t.Errorf("open is %v (%v), want %v", opening.Open, err, test.wantOpen)
			}
			if want := v1alpha1.Timestamp(test.wantSince).Time(); !opening.Since.Equal(want) {
				t.Errorf("open since %s, want %q", opening.Since.UTC().Format(time.RFC3339), test.wantSince)
			}
			if want := v1alpha1.Timestamp(test.wantNext).Time(); !opening.Next.Equal(want) && test.wantNext != "" {
				t.Errorf("next opens at %s, want %s", opening.Next.UTC().Format(time.RFC3339), test.wantNext)
			}
		})
	}
}
