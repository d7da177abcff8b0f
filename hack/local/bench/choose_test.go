package bench

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for name, test := range map[string]struct{ names, want, wantError string }{
		"a row is all its cases":      {names: "burst", want: "burst/10 burst/100 burst/500"},
		"a case":                      {names: "burst/100", want: "burst/100"},
		"several, in the order given": {names: "crowd/0, ratios", want: "crowd/0 ratios"},
		"what is not there":           {names: "burst,best", wantError: `no row or case "best"`},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := choose(test.names)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("got %v, want %s", err, test.wantError)
				}
				return
			}
			var got []string
			for _, m := range chosen {
				got = append(got, m.name)
			}
			if strings.Join(got, " ") != test.want || err != nil {
				t.Errorf("got %v, %v, want %s", got, err, test.want)
			}
		})
	}
	if all, err := choose(""); err != nil || len(all) != len(measurements) {
		t.Errorf("without names: %d cases, %v", len(all), err)
	}
}
