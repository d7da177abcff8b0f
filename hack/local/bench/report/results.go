// Package report keeps what the bench measured, writes docs/benchmarks.md and the README's figures from it, and compares ratios
// with the committed ones.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Results are the cases that were measured last, by their names, such as "rest/1000".
type Results struct {
	Cases map[string]Case `json:"cases"`
	// Before are cases measured with an older manager, by the same bench.
	Before map[string]Case `json:"before,omitempty"`
}

// Case is one measurement.
type Case struct {
	MeasuredAt time.Time `json:"measuredAt"`
	// Commit is what the manager was built from, as git describes it.
	Commit string `json:"commit"`
	// Machine is what it ran on, and Load the load average at the end: what else the machine had to do.
	Machine string `json:"machine"`
	Load    string `json:"load"`
	Values  Values `json:"values"`
}

// Values are the figures of a case by their metrics: one for each run.
type Values map[string][]float64

// Add adds one run's figure.
func (v Values) Add(metric string, value float64) { v[metric] = append(v[metric], value) }

// file is where the results are kept, below the checkout.
const file = "docs/benchmarks/results.json"

// Load reads the results of a checkout; none if there is no file yet.
func Load(root string) (Results, error) {
	r := Results{Cases: map[string]Case{}, Before: map[string]Case{}}
	content, err := os.ReadFile(filepath.Join(root, file)) //nolint:gosec // of the checkout
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(content, &r); err != nil {
		return r, fmt.Errorf("reading %s: %w", file, err)
	}
	if r.Before == nil {
		r.Before = map[string]Case{}
	}
	return r, nil
}

// Save writes the results, the page with its plots, and the README's figures.
func (r Results) Save(root string) error {
	for _, c := range []map[string]Case{r.Cases, r.Before} {
		for _, one := range c {
			one.Values.round()
		}
	}
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	files, err := r.Files(root)
	if err != nil {
		return err
	}
	files[file] = compact(content)
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // documentation, for everybody
			return err
		}
	}
	return nil
}

// round keeps what can be told apart: a tenth of a millisecond, a call in a thousand rewinds.
func (v Values) round() {
	for _, values := range v {
		for i := range values {
			values[i] = float64(int64(values[i]*10_000+0.5)) / 10_000
		}
	}
}

// Median is the middle one of the values, the lower one of two; 0 without any.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Quantile is the value that the share q of all values does not exceed; 0 without any.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(q*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
