package bench

import "testing"

func TestSpread(t *testing.T) {
	for name, test := range map[string]struct {
		values []int
		want   string
	}{
		"one":            {[]int{7}, "7"},
		"all the same":   {[]int{7, 7, 7}, "7"},
		"out of order":   {[]int{9, 1, 5}, "5 (1–9)"},
		"an outlier":     {[]int{4, 5, 100, 5, 4}, "5 (4–100)"},
		"an even number": {[]int{4, 3, 2, 1}, "2 (1–4)"},
	} {
		t.Run(name, func(t *testing.T) {
			var measures []measure
			for _, n := range test.values {
				measures = append(measures, measure{rds: n})
			}
			if got := counts(func(m measure) int { return m.rds })(measures); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
