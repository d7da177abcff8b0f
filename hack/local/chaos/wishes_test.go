package chaos

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// describe is everything that was drawn for the wishes.
func describe(wishes []*wish) []string {
	var all []string
	for _, w := range wishes {
		all = append(all, fmt.Sprint(w, w.fate, w.moment, w.behind.name, w.target))
	}
	return all
}

// TestDraw repeats a plan by its seed, and gives no two wishes for a cluster one target.
func TestDraw(t *testing.T) {
	for _, rewinds := range []int{1, 100, 10_000} {
		one, same := draw(Settings{rewinds, 7}, target), draw(Settings{rewinds, 7}, target)
		if !slices.Equal(describe(one), describe(same)) {
			t.Errorf("%d rewinds: the same seed gave another plan", rewinds)
		}
		if slices.Equal(describe(one), describe(draw(Settings{rewinds, 8}, target))) {
			t.Errorf("%d rewinds: another seed gave the same plan", rewinds)
		}
		targets := map[string]bool{}
		for _, w := range one {
			key := fmt.Sprint(w.cluster, w.target)
			if targets[key] || !w.target.After(target) || w.target.Sub(target).Seconds() > 2.5 {
				t.Fatalf("%d rewinds: %s goes to %s, which is another one's or out of bounds", rewinds, w, w.target)
			}
			targets[key] = true
		}
	}
}

// TestFatesAddUp sees that every fate is drawn, and that their weights are a hundred.
func TestFatesAddUp(t *testing.T) {
	sum, seen := 0, map[fate]bool{}
	for _, w := range draw(Settings{1000, 1}, target) {
		seen[w.fate] = true
	}
	for _, f := range fates {
		sum += f.weight
		if !seen[f.fate] {
			t.Errorf("%s is not among 1000 wishes", f.fate)
		}
	}
	if sum != 100 {
		t.Errorf("the weights add up to %d", sum)
	}
}

func TestSettings(t *testing.T) {
	for name, test := range map[string]struct {
		rewinds, seed string
		args          []string
		want          Settings // without a seed: any
		wantError     string
	}{
		"default":           {want: Settings{Rewinds: defaultRewinds}},
		"environment":       {rewinds: "20", seed: "5", want: Settings{20, 5}},
		"flags":             {rewinds: "20", seed: "5", args: []string{"--rewinds=30", "--seed=6"}, want: Settings{30, 6}},
		"not a number":      {rewinds: "many", wantError: "CHAOS_REWINDS=many: write a whole number"},
		"negative seed":     {seed: "-1", wantError: "CHAOS_SEED=-1"},
		"none":              {rewinds: "0", wantError: "--rewinds 0: choose from 1"},
		"too many":          {args: []string{"--rewinds=10001"}, wantError: "--rewinds 10001"},
		"far too many":      {rewinds: "18446744073709551615", wantError: "choose from 1 to 10000"},
		"flag not a number": {args: []string{"--seed=x"}, wantError: "invalid value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CHAOS_REWINDS", test.rewinds)
			t.Setenv("CHAOS_SEED", test.seed)
			var got Settings
			flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			err := got.Flags(flags)
			if err == nil {
				err = flags.Parse(test.args)
			}
			if err == nil {
				err = got.check()
			}
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Fatalf("got %v, want %q", err, test.wantError)
				}
				return
			}
			if err != nil || got.Rewinds != test.want.Rewinds || got.Seed == 0 || (test.want.Seed != 0 && got.Seed != test.want.Seed) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}
