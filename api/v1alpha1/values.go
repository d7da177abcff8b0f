package v1alpha1

import (
	"fmt"
	"regexp"
	"time"
)

// Timestamp is an absolute time: RFC 3339 with a zone and a fraction of at most milliseconds, or AWS's own
// short form without seconds ("2017-07-08T18:00Z"). Its year in UTC is 0001 to 9998. It is a string and not a Go time,
// because a value that the API server accepts and a client cannot decode would stop the informer for every object.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$')",message="must be an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z or 2023-12-23T14:55:00.250+01:00"
// +kubebuilder:validation:XValidation:rule="!self.matches('^[0-9]{4}-(02-30|(02|04|06|09|11)-31)') && (!self.matches('^[0-9]{4}-02-29') || self.matches('^([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-'))",message="must be a day that the calendar has"
// +kubebuilder:validation:XValidation:rule="!self.matches('^(0000-|9999-|0001-01-01.*[+]|9998-12-31T.*-[0-9:]{5}$)')",message="must be a time whose year in UTC is 0001 to 9998, and not one of the days at the ends where a zone leaves those years: write the time in UTC, such as 2023-12-23T13:55:00Z"
type Timestamp string

// timestampForm is the form that the CRD's first validation rule on Timestamp admits.
var timestampForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// timestampOutOfRange is what the CRD's last rule on Timestamp refuses: such a time may have a year in UTC that this
// form cannot hold, and a status that contains it could never be stored.
var timestampOutOfRange = regexp.MustCompile(`^(0000-|9999-|0001-01-01.*[+]|9998-12-31T.*-[0-9:]{5}$)`)

const shortForm = "2006-01-02T15:04Z07:00"

// Parse reads the time. It fails exactly where the CRD's rules refuse the value.
func (t Timestamp) Parse() (time.Time, error) {
	if !timestampForm.MatchString(string(t)) {
		return time.Time{}, fmt.Errorf("%q is not an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z", string(t))
	}
	if timestampOutOfRange.MatchString(string(t)) {
		return time.Time{}, fmt.Errorf("%q is out of range: its year in UTC must be 0001 to 9998", string(t))
	}
	parsed, err := time.Parse(time.RFC3339Nano, string(t))
	if err != nil {
		parsed, err = time.Parse(shortForm, string(t))
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time: the day, the hour or the zone does not exist", string(t))
	}
	return parsed.UTC(), nil
}

// Time reads the time. It gives the zero time for what is absent or cannot be parsed.
func (t Timestamp) Time() time.Time {
	parsed, err := t.Parse()
	if err != nil {
		return time.Time{}
	}
	return parsed
}

// NewTimestamp formats a time in UTC, truncated to milliseconds, as the AWS SDK sends it. The zero time gives "", and so
// does a time outside of the years 0001 to 9998: the API server would refuse the whole status for it.
func NewTimestamp(t time.Time) Timestamp {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9998 {
		return ""
	}
	return Timestamp(t.Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999Z07:00"))
}

// LongestBacktrackWindow is the longest target window of a cluster: 259,200 seconds (RDS API model, BacktrackWindow). A
// backtrack or a ledger entry from before it can no longer matter to anyone.
const LongestBacktrackWindow = 72 * time.Hour

// Duration is a length of time as Go writes it ("90s", "5m", "1h30m").
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=20
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}(ms|s|m|h))+$')",message="must be a length of time in h, m, s or ms, such as 5m or 1h30m"
// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]{1,5}(ms|s|m|h))+$') || duration(self) > duration('0s')",message="must be longer than zero"
type Duration string

// Or reads the duration. It gives the fallback for what is absent or cannot be parsed.
func (d Duration) Or(fallback time.Duration) time.Duration {
	parsed, err := time.ParseDuration(string(d))
	if err != nil || parsed < 0 {
		return fallback
	}
	return parsed
}
