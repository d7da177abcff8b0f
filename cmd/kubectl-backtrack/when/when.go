// Package when reads the times that people type.
package when

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

const forms = "write it as 2023-12-23T13:55:00Z, as a clock time (13:55, 13:55:30, yesterday 23:10, 2023-12-23 13:55) or as a distance (-15m, -1h30m)"

var (
	clockForm = regexp.MustCompile(`^(?:(today|yesterday|\d{4}-\d{2}-\d{2}) +)?(\d{1,2}):(\d{2})(?::(\d{2}))?$`)
	distance  = regexp.MustCompile(`^-\d[0-9a-z.]*$`)
)

// Parse reads a time: RFC 3339, a clock time in the zone (of today, yesterday or a day), or a distance back from now. It
// gives it in UTC, at the millisecond precision of RDS. A time that has not come yet is an error, and so is a clock time
// that the zone skips or has twice.
func Parse(text string, now time.Time, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	at, err := parse(text, now, zone)
	if err != nil {
		return time.Time{}, err
	}
	at = at.UTC().Truncate(time.Millisecond)
	if at.After(now) {
		return time.Time{}, future(text, at, now)
	}
	return at, nil
}

// ParseDeadline reads a time that is still to come: RFC 3339, or a distance from now such as 30m.
func ParseDeadline(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	at, err := parse(text, now, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a deadline: write it as 2023-12-23T15:00:00Z, 15:00 or 30m", text)
	}
	if !at.After(now) {
		return time.Time{}, fmt.Errorf("the deadline %s has passed: choose a later one", at.UTC().Format(time.RFC3339))
	}
	return at.UTC().Truncate(time.Millisecond), nil
}

func parse(text string, now time.Time, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if distance.MatchString(text) {
		d, err := time.ParseDuration(text)
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is not a distance in time: write it as -15m or -1h30m", text)
		}
		return now.Add(d).Truncate(time.Second), nil // nobody who says "fifteen minutes ago" means a millisecond
	}
	if clockForm.MatchString(text) {
		return clockTime(text, now.In(zone), zone)
	}
	return time.Time{}, fmt.Errorf("%q is not a time: %s", text, forms)
}

// clockTime reads hours and minutes of a day.
func clockTime(text string, now time.Time, zone *time.Location) (time.Time, error) {
	parts := clockForm.FindStringSubmatch(text)
	day := now
	switch parts[1] {
	case "", "today":
	case "yesterday":
		day = now.AddDate(0, 0, -1)
	default:
		var err error
		if day, err = time.ParseInLocation(time.DateOnly, parts[1], zone); err != nil {
			return time.Time{}, fmt.Errorf("%q is not a day that the calendar has: %s", parts[1], forms)
		}
	}
	clock := fmt.Sprintf("%02s:%s:%02s", parts[2], parts[3], parts[4])
	want := day.Format(time.DateOnly) + " " + clock
	at, err := time.ParseInLocation(time.DateTime, want, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time of the day: %s", text, forms)
	}
	if at.Format(time.DateTime) != want {
		return time.Time{}, fmt.Errorf("the zone %s skips %s: write the time with its offset, such as %s", zone, want, at.Format(time.RFC3339))
	}
	for _, other := range []time.Time{at.Add(-time.Hour), at.Add(time.Hour)} {
		if other.Format(time.DateTime) == want {
			return time.Time{}, fmt.Errorf("the zone %s has %s twice: write %s or %s", zone, want, at.Format(time.RFC3339), other.Format(time.RFC3339))
		}
	}
	return at, nil
}

func future(text string, at, now time.Time) error {
	hint := "a backtrack goes to a time that has passed"
	if parts := clockForm.FindStringSubmatch(text); parts != nil && parts[1] == "" {
		hint = fmt.Sprintf("did you mean \"yesterday %s\"?", text)
	}
	return fmt.Errorf("%s has not come yet (it is %s): %s", at.Format(time.RFC3339), now.UTC().Format(time.RFC3339), hint)
}
