package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCommittedPageIsWrittenFromTheResults holds the page, its plots and the README's figures to what was measured.
func TestCommittedPageIsWrittenFromTheResults(t *testing.T) {
	const root = "../../../.."
	results, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	files, err := results.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the results say: run make bench BENCH=page", name)
		}
	}
}

func TestQuantile(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		q      float64
		want   float64
	}{
		"none":                  {nil, 0.5, 0},
		"one":                   {[]float64{7}, 0.5, 7},
		"the middle, unsorted":  {[]float64{9, 1, 5}, 0.5, 5},
		"of two, the lower":     {[]float64{2, 1}, 0.5, 1},
		"the least":             {[]float64{3, 2, 1}, 0, 1},
		"the most":              {[]float64{3, 2, 1}, 1, 3},
		"the 99th of a hundred": {hundred(), 0.99, 99},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Quantile(test.values, test.q); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func hundred() (all []float64) {
	for i := range 100 {
		all = append(all, float64(i+1))
	}
	return all
}

func TestListsStandOnOneLine(t *testing.T) {
	got := string(compact([]byte("{\n \"a\": [\n  1,\n  2.5\n ],\n \"b\": \"[ x ]\"\n}")))
	if want := "{\n \"a\": [1, 2.5],\n \"b\": \"[ x ]\"\n}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
