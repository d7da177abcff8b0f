package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// tally counts things by their names.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

// count is one line of a tally.
type count struct{ what, count string }

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[what]++
}

// lines are all counts, by name.
func (t *tally) lines() []count {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []count
	for _, what := range slices.Sorted(maps.Keys(t.counts)) {
		lines = append(lines, count{what, fmt.Sprint(t.counts[what])})
	}
	return lines
}

// String is all of it in one line.
func (t *tally) String() string {
	var texts []string
	for _, line := range t.lines() {
		texts = append(texts, line.what+": "+line.count)
	}
	if len(texts) == 0 {
		return "no troubles yet"
	}
	return strings.Join(texts, ", ")
}
