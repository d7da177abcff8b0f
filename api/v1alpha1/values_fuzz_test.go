package v1alpha1

import (
	"regexp"
	"testing"
)

// admitted is the first rule that the CRD has for a Timestamp, as the API server would evaluate it.
var admitted = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// FuzzTimestamp holds Parse against the rule: what it reads, the rule admits, and what the rule admits is a
// time but for days that the calendar does not have. What is read survives being written.
func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2023-12-23T13:55:00Z", "2017-07-08T18:00Z", "2023-12-23T14:55:00.250+01:00", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z",
		"2023-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999-23:59", "2023-12-23T13:55:00.0001Z", "２０２３-12-23T13:55:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Timestamp(text).Parse()
		if err == nil != admitted.MatchString(text) {
			if err == nil || !impossibleDay(text) {
				t.Fatalf("%q: Parse says %v, the rule %v", text, err, admitted.MatchString(text))
			}
		}
		if err != nil {
			return
		}
		again, err := NewTimestamp(at).Parse()
		if year := at.Year(); year < 0 || year > 9999 {
			return // a zone can carry the first and the last day of the calendar out of it
		}
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q was read as %s, written as %q and read again as %s (%v)", text, at, NewTimestamp(at), again, err)
		}
	})
}

// impossibleDay tells whether the text names a day from 29 to 31 that its month may not have.
func impossibleDay(text string) bool {
	return regexp.MustCompile(`^[0-9]{4}-(02-(29|30|31)|(04|06|09|11)-31)T`).MatchString(text)
}
