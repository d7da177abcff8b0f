package programs

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// coreTimePerPackage is how long one core compiles one package, linking included: the first build of all programs took
// 14 min 40 s on two cores, which is 2 × 880 s for the packages of all of them.
const coreTimePerPackage = 2 * 880 * time.Second / packagesOfAll

// packagesOfAll is how many packages all programs were made of when that was measured.
const packagesOfAll = 3598

// Meter counts the packages of a build, so that its progress can be shown: each package is compiled once, by the first
// program that needs it.
type Meter struct {
	mu       sync.Mutex
	packages map[string][]string // of a program: those that no program before it has
	known    map[string]bool
	left     map[string]bool
	total    int
}

// Measure finds the packages of the programs, in the order in which they are built. It compiles nothing.
func Measure(ctx context.Context, root string, all []Program) (*Meter, error) {
	m := &Meter{packages: map[string][]string{}, known: map[string]bool{}, left: map[string]bool{}}
	for _, p := range all {
		args := []string{"list", "-deps"}
		for i, flag := range p.Flags { // those for the linker are not for go list
			if flag == "-tags" {
				args = append(args, flag, p.Flags[i+1])
			}
		}
		cmd := exec.CommandContext(ctx, "go", append(args, p.Package)...) //nolint:gosec // what the table of programs says
		cmd.Dir = filepath.Join(root, p.Module)
		output, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("listing the packages of %s in %s: %w", p.Name, p.Module, err)
		}
		for name := range strings.FieldsSeq(string(output)) {
			if !m.known[name] {
				m.known[name], m.left[name] = true, true
				m.packages[p.Name] = append(m.packages[p.Name], name)
				m.total++
			}
		}
	}
	return m, nil
}

// Packages is how many packages the program adds to those before it.
func (m *Meter) Packages(p Program) int { return len(m.packages[p.Name]) }

// Total is how many packages there are.
func (m *Meter) Total() int { return m.total }

// Estimate is how long the build takes on this machine if nothing of it is in Go's build cache.
func (m *Meter) Estimate() time.Duration {
	return time.Duration(m.total) * coreTimePerPackage / time.Duration(runtime.GOMAXPROCS(0))
}

// compiled notes a line that `go build -v` prints, and reports whether it names a package. One that two modules have in
// different versions is compiled twice, and counts once.
func (m *Meter) compiled(name string) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.left, name)
	return m.known[name]
}

// built notes that the program is done: what Go had in its cache was not compiled.
func (m *Meter) built(p Program) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range m.packages[p.Name] {
		delete(m.left, name)
	}
}

// Percent is how much of the build is done.
func (m *Meter) Percent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == 0 {
		return 100
	}
	return 100 * (m.total - len(m.left)) / m.total
}
