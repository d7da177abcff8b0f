package when

import (
	"strings"
	"testing"
	"time"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones")
	}
	return zone
}

func TestParse(t *testing.T) {
	now := time.Date(2023, 12, 23, 14, 25, 30, 0, time.UTC) // 15:25:30 in Berlin
	for name, test := range map[string]struct{ text, want, wantError string }{
		"RFC 3339":                    {text: "2023-12-23T13:55:00Z", want: "2023-12-23T13:55:00Z"},
		"with an offset":              {text: "2023-12-23T14:55:00.250+01:00", want: "2023-12-23T13:55:00.25Z"},
		"finer than RDS's precision":  {text: "2023-12-23T13:55:00.123456Z", want: "2023-12-23T13:55:00.123Z"},
		"AWS's short form":            {text: "2023-12-23T13:55Z", want: "2023-12-23T13:55:00Z"},
		"clock time":                  {text: "13:55", want: "2023-12-23T12:55:00Z"},
		"clock time of one digit":     {text: "7:05", want: "2023-12-23T06:05:00Z"},
		"with seconds":                {text: " 13:55:30 ", want: "2023-12-23T12:55:30Z"},
		"today":                       {text: "today 13:55", want: "2023-12-23T12:55:00Z"},
		"yesterday":                   {text: "yesterday 23:10", want: "2023-12-22T22:10:00Z"},
		"a day":                       {text: "2023-12-21 23:10", want: "2023-12-21T22:10:00Z"},
		"minutes ago":                 {text: "-15m", want: "2023-12-23T14:10:30Z"},
		"hours and minutes ago":       {text: "-1h30m", want: "2023-12-23T12:55:30Z"},
		"clock time to come":          {text: "16:00", wantError: `did you mean "yesterday 16:00"?`},
		"time to come":                {text: "2023-12-23T15:00:00Z", wantError: "has not come yet"},
		"an hour that is none":        {text: "25:00", wantError: "not a time of the day"},
		"a day that is none":          {text: "2023-02-30 13:00", wantError: "not a day"},
		"no unit":                     {text: "-15", wantError: "not a distance"},
		"a distance without its sign": {text: "15m", wantError: "not a time"},
		"nothing":                     {text: "", wantError: "not a time"},
		"a word":                      {text: "tomorrow", wantError: "not a time"},
		"skipped in spring":           {text: "2023-03-26 02:30", wantError: "skips"},
		"twice in autumn":             {text: "2023-10-29 02:30", wantError: "twice: write 2023-10-29T02:30:00+0"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(test.text, now, berlin(t))
			switch {
			case test.wantError != "":
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("the error is %v, want one with %q", err, test.wantError)
				}
			case err != nil:
				t.Error(err)
			case got.Format(time.RFC3339Nano) != test.want:
				t.Errorf("it reads as %s, want %s", got.Format(time.RFC3339Nano), test.want)
			}
		})
	}
}

func TestParseDeadline(t *testing.T) {
	now := time.Date(2023, 12, 23, 14, 25, 30, 0, time.UTC)
	for text, want := range map[string]string{"30m": "2023-12-23T14:55:30Z", "2023-12-23T15:00:00Z": "2023-12-23T15:00:00Z", "15:00": "2023-12-23T15:00:00Z"} {
		if got, err := ParseDeadline(text, now, time.UTC); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s reads as %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"-30m", "14:00", "later", "2023-12-23T14:00:00Z"} {
		if got, err := ParseDeadline(text, now, time.UTC); err == nil {
			t.Errorf("%s reads as %s, want an error", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"13:55", "yesterday 23:10", "-15m", "2023-12-23T13:55:00Z", "2023-12-23 13:55:30", "-1h", "24:60"} {
		f.Add(text)
	}
	now := time.Date(2023, 12, 23, 14, 25, 30, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Parse(text, now, time.FixedZone("CET", 3600))
		if err != nil {
			return
		}
		if at.After(now) || at.Location() != time.UTC || !at.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("%q reads as %s", text, at)
		}
	})
}
