package kubelet

import (
	"slices"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	kubeletsOwn := backoff{first: 10 * time.Second, longest: 5 * time.Minute}
	for name, test := range map[string]struct {
		backoff backoff
		ran     []time.Duration
		want    []time.Duration
	}{
		"doubles up to the longest": {
			kubeletsOwn, make([]time.Duration, 8),
			[]time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute},
		},
		"begins anew after a long run": {
			kubeletsOwn, []time.Duration{0, 0, 0, 11 * time.Minute, 0},
			[]time.Duration{0, 10 * time.Second, 20 * time.Second, 0, 10 * time.Second},
		},
		"a longest below the first": {
			backoff{first: 10 * time.Second, longest: time.Second}, make([]time.Duration, 3),
			[]time.Duration{0, time.Second, time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []time.Duration
			for _, ran := range test.ran {
				got = append(got, test.backoff.ended(ran))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("waits %v, want %v", got, test.want)
			}
		})
	}
}
