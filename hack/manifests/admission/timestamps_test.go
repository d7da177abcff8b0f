package admission_test

import (
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestTimestamps compares the rules of the CRD with the parser of the API package: what the API server accepts the
// operator can read and write back in UTC, and nothing else.
func TestTimestamps(t *testing.T) {
	const (
		notATime   = "must be an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z or 2023-12-23T14:55:00.250+01:00"
		noSuchDay  = "must be a day that the calendar has"
		noSuchYear = "must be a time whose year in UTC is 0001 to 9998, and not one of the days at the ends where a zone leaves those years: write the time in UTC, such as 2023-12-23T13:55:00Z"
	)
	for value, want := range map[string]string{
		"2023-12-23T13:55:00Z":           "",
		"2023-12-23T13:55Z":              "",
		"2023-12-23T13:55:00.1Z":         "",
		"2023-12-23T13:55:00.123Z":       "",
		"2023-12-23T13:55:00.1234Z":      notATime,
		"2023-12-23T13:55:00.Z":          notATime,
		"2023-12-23T13:55:00,5Z":         notATime,
		"2023-12-23T13:55:00+00:00":      "",
		"2023-12-23T13:55:00-00:00":      "",
		"2023-12-23T13:55:00+23:59":      "",
		"2023-12-23T13:55:00-23:59":      "",
		"2023-12-23T13:55:00+24:00":      notATime,
		"2023-12-23T13:55:00+01:60":      notATime,
		"2023-12-23T13:55:00+0100":       notATime,
		"2023-12-23T13:55:00+01":         notATime,
		"2023-12-23T13:55:00":            notATime,
		"2023-12-23T13:55:00 Z":          notATime,
		"2023-12-23 13:55:00Z":           notATime,
		"2023-12-23t13:55:00z":           notATime,
		" 2023-12-23T13:55:00Z":          notATime,
		"2023-12-23T13:55:00Z\n":         notATime,
		"2023-12-23":                     notATime,
		"13:55":                          notATime,
		"15 minutes ago":                 notATime,
		"-15m":                           notATime,
		"1703339700":                     notATime,
		"2023-02-28T00:00:00Z":           "",
		"2023-02-29T00:00:00Z":           noSuchDay,
		"2024-02-29T00:00:00Z":           "",
		"1900-02-29T00:00:00Z":           noSuchDay,
		"2000-02-29T00:00:00Z":           "",
		"2024-02-30T00:00:00Z":           noSuchDay,
		"2023-02-31T00:00:00Z":           noSuchDay,
		"2023-04-31T00:00:00Z":           noSuchDay,
		"2023-06-31T00:00:00Z":           noSuchDay,
		"2023-09-31T00:00:00Z":           noSuchDay,
		"2023-11-31T00:00:00Z":           noSuchDay,
		"2023-12-31T00:00:00Z":           "",
		"2023-12-32T00:00:00Z":           notATime,
		"2023-12-00T00:00:00Z":           notATime,
		"2023-00-01T00:00:00Z":           notATime,
		"2023-13-01T00:00:00Z":           notATime,
		"2023-12-23T24:00:00Z":           notATime,
		"2023-12-23T13:60:00Z":           notATime,
		"2016-12-31T23:59:60Z":           notATime,
		"0000-01-01T00:00:00Z":           noSuchYear,
		"0000-02-29T00:00:00Z":           noSuchYear,
		"0000-01-01T00:00:00+01:00":      noSuchYear,
		"0000-12-31T23:59:59-01:00":      noSuchYear,
		"0001-01-01T00:00:00Z":           "",
		"0001-01-01T00:30:00+01:00":      noSuchYear,
		"0001-01-01T00:30:00-01:00":      "",
		"0001-01-02T00:00:00+23:59":      "",
		"9998-12-31T23:59:59.999Z":       "",
		"9998-12-31T23:59:59.999+01:00":  "",
		"9998-12-31T23:59:59-00:01":      noSuchYear,
		"9998-12-31T23:59-01:00":         noSuchYear,
		"9998-12-30T23:59:59-23:59":      "",
		"9999-01-01T00:00:00+23:59":      noSuchYear,
		"9999-12-31T23:59:59Z":           noSuchYear,
		"9999-12-31T23:59:59.999Z":       noSuchYear,
		"9999-12-31T23:59:59-01:00":      noSuchYear,
		"9999-12-31T23:59:59.999-23:59":  noSuchYear,
		"10000-01-01T00:00:00Z":          notATime,
		"-2023-01-01T00:00:00Z":          notATime,
		"２０２３-12-23T13:55:00Z":           notATime,
		"٢٠٢٣-12-23T13:55:00Z":           notATime,
		"2023-12-23T13:55:00Ｚ":           notATime,
		"2023-12-23T13:55:00.250\u00a0Z": notATime,
	} {
		t.Run(value, func(t *testing.T) {
			for _, field := range []string{"spec.backtrackTo", "spec.startDeadline"} {
				object := backtrack("time", set(field, value))
				got := told(server.admin.Create(t.Context(), object, client.DryRunAll))
				message := ""
				if want != "" {
					message = fmt.Sprintf("%s: Invalid value: %q: %s", field, value, want)
				}
				if got != message {
					t.Errorf("told:\n%s\nwant:\n%s", got, message)
				}
				if _, err := v1alpha1.Timestamp(value).Parse(); (err == nil) != (got == "") {
					t.Errorf("the API server says %q, the parser says %v", got, err)
				}
			}
		})
	}
}
