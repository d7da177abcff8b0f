package report

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	all := func(value float64) Values {
		v := Values{}
		for _, ratio := range Ratios {
			v.Add(ratio.Metric, value)
		}
		return v
	}
	one := all(1)
	one[Ratios[2].Metric] = []float64{10}
	missing := all(1)
	delete(missing, Ratios[0].Metric)
	for name, test := range map[string]struct {
		committed, now Values
		want           []string
	}{
		"the same":          {all(1), all(1), nil},
		"better":            {all(1), all(0.1), nil},
		"a little worse":    {all(10), all(10.9), nil},
		"one is worse":      {all(1), one, []string{Ratios[2].Metric + ": 10.00, committed 1.00, at most 2.50"}},
		"one is not known":  {missing, all(1), []string{Ratios[0].Metric + ": no figure is committed"}},
		"all are far worse": {all(1), all(100), make([]string, len(Ratios))},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := Compare(test.committed, test.now)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %d regressions", got, len(test.want))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}
