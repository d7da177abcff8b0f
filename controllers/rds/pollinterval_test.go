package rds

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestPollInterval(t *testing.T) {
	const s = time.Second
	full := func(n int) Load { return Load{UnderWay: n, Rate: 8, Left: 1} }
	short := func(n int, left float64) Load { return Load{UnderWay: n, Rate: 8, Left: left} }
	for name, test := range map[string]struct {
		load              Load
		elapsed, expected time.Duration
		want              time.Duration
	}{
		"alone":                                  {full(1), 0, 0, s},
		"alone, for long":                        {full(1), time.Hour, 0, s},
		"alone, in the middle":                   {full(1), 30 * s, 60 * s, s},
		"alone, as the flag says":                {Load{Least: 5 * s, UnderWay: 1, Rate: 8, Left: 1}, 0, 0, 5 * s},
		"a hundred share one call":               {full(100), 0, 0, s},
		"five hundred take five":                 {full(500), 0, 0, 1250 * time.Millisecond},
		"a hundred, one at a time":               {Load{UnderWay: 100, Single: true, Rate: 8, Left: 1}, 0, 0, 25 * s},
		"no bound":                               {Load{UnderWay: 5000, Left: 0}, 0, 0, s},
		"half of the budget is left":             {short(1, 0.5), 0, 0, s},
		"a quarter":                              {short(1, 0.25), 0, 0, 4500 * time.Millisecond},
		"nothing":                                {short(1, 0), 0, 0, 8 * s},
		"nothing, many":                          {short(500, 0), 0, 0, 10 * s},
		"nothing, and the pace is halved":        {Load{UnderWay: 500, Rate: 4, Left: 0}, 0, 0, 10 * s},
		"nothing, one at a time":                 {Load{UnderWay: 100, Single: true, Rate: 8, Left: 0}, 0, 0, 25 * s},
		"nothing, in the middle":                 {short(1, 0), 10 * s, 60 * s, 8 * s},
		"nothing, not beyond the expected end":   {short(1, 0), 45 * s, 60 * s, 3 * s},
		"nothing, near the expected end":         {short(1, 0), 50 * s, 60 * s, s},
		"nothing, many, near the expected end":   {short(500, 0), 50 * s, 60 * s, 1250 * time.Millisecond},
		"nothing, a little after the end":        {short(1, 0), 80 * s, 60 * s, s},
		"nothing, long after the end":            {short(1, 0), 300 * s, 60 * s, 8 * s},
		"nothing, just before the end is near":   {short(1, 0), 48*s - time.Millisecond, 60 * s, s},
		"below nothing":                          {short(1, -1), 0, 0, 8 * s},
		"one at a time, near the end: no sooner": {Load{UnderWay: 100, Single: true, Rate: 8, Left: 1}, 50 * s, 60 * s, 25 * s},
	} {
		if got := PollInterval(test.load, test.elapsed, test.expected); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestExpectedDuration(t *testing.T) {
	record := func(status, requested, from string) v1alpha1.BacktrackRecord {
		return v1alpha1.BacktrackRecord{Status: status, RequestedAt: v1alpha1.Timestamp(requested), BacktrackedFrom: v1alpha1.Timestamp(from)}
	}
	const at, later, late = "2021-02-12T14:36:18.819Z", "2021-02-12T14:37:31.640Z", "2021-02-12T14:46:18.819Z"
	for name, test := range map[string]struct {
		history []v1alpha1.BacktrackRecord
		want    time.Duration
	}{
		"none":                   {nil, 0},
		"one":                    {[]v1alpha1.BacktrackRecord{record("completed", at, later)}, 72821 * time.Millisecond},
		"the middle one":         {[]v1alpha1.BacktrackRecord{record("completed", at, late), record("completed", at, later), record("completed", at, later)}, 72821 * time.Millisecond},
		"failed":                 {[]v1alpha1.BacktrackRecord{record("failed", at, later)}, 0},
		"under way":              {[]v1alpha1.BacktrackRecord{record("applying", at, "")}, 0},
		"a record without times": {[]v1alpha1.BacktrackRecord{record("completed", "", "")}, 0},
		"the wrong way round":    {[]v1alpha1.BacktrackRecord{record("completed", later, at)}, 0},
	} {
		if got := ExpectedDuration(test.history); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
