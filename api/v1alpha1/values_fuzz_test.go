package v1alpha1

import (
	"regexp"
	"testing"
	"time"
)

// The first and the last rule that the CRD has for a Timestamp, as the API server would evaluate them.
var (
	wellFormed = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
	outOfRange = regexp.MustCompile(`^(0000-|9999-|0001-01-01.*[+]|9998-12-31T.*-[0-9:]{5}$)`)
)

func admitted(text string) bool { return wellFormed.MatchString(text) && !outOfRange.MatchString(text) }

// FuzzTimestamp compares Parse with the rules: what it reads, the rules admit, and what the rules admit is a time, except
// for days that the calendar does not have. What is read has a year from 0001 to 9998 and can be written and read again.
func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2023-12-23T13:55:00Z", "2017-07-08T18:00Z", "2023-12-23T14:55:00.250+01:00", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z",
		"2023-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "0000-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z",
		"9998-12-31T23:59:59-23:59", "9998-12-31T23:59:59.999Z", "9999-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999-23:59",
		"2023-12-23T13:55:00.0001Z", "２０２３-12-23T13:55:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Timestamp(text).Parse()
		if err == nil != admitted(text) {
			if err == nil || !impossibleDay(text) {
				t.Fatalf("%q: Parse says %v, the rules %v", text, err, admitted(text))
			}
		}
		if err != nil {
			return
		}
		if year := at.Year(); year < 1 || year > 9998 {
			t.Fatalf("%q was read as %s", text, at)
		}
		if at.IsZero() {
			return // 0001-01-01T00:00:00Z stands for an absent time
		}
		again, err := NewTimestamp(at).Parse()
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q was read as %s, written as %q and read again as %s (%v)", text, at, NewTimestamp(at), again, err)
		}
	})
}

// FuzzNewTimestamp: whatever time there is, what is written for it is absent or is admitted, so that no time keeps a status
// from being stored.
func FuzzNewTimestamp(f *testing.F) {
	for _, seconds := range []int64{0, -62135596800, -62135596801, -62167219200, 253370764800, 253370764799, 253402300799, 253402300800, 1 << 62, -1 << 62} {
		f.Add(seconds, int64(999_999_999))
	}
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64) {
		at := time.Unix(seconds, nanoseconds)
		if written := NewTimestamp(at); written != "" && !admitted(string(written)) {
			t.Fatalf("%s is written as %q, which the API server refuses", at, written)
		}
	})
}

// impossibleDay reports whether the text names a day from 29 to 31 that its month may not have.
func impossibleDay(text string) bool {
	return regexp.MustCompile(`^[0-9]{4}-(02-(29|30|31)|(04|06|09|11)-31)T`).MatchString(text)
}
