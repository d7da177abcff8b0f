package cloud

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// building is what is left to be built. Each program is built once, by the first who needs it.
type building struct {
	root, bin string
	stale     []programs.Program
	meter     *programs.Meter
}

// planBuild finds out what has to be built, after using what is on the machine already, and says at once what takes how
// long.
func (c *Cloud) planBuild(ctx context.Context, needed []programs.Program) (*building, error) {
	stale, err := programs.Stale(c.options.Root, c.bin, needed)
	if err != nil {
		return nil, err
	}
	if stale, err = c.adopt(ctx, stale); err != nil {
		return nil, err
	}
	b := &building{root: c.options.Root, bin: c.bin, stale: stale}
	if len(stale) == 0 {
		return b, nil
	}
	// Without the list the build still goes on: it says itself what is wrong.
	if b.meter, err = programs.Measure(ctx, c.options.Root, stale); err != nil {
		b.meter = nil
		return b, ctx.Err()
	}
	b.announce(c.options.Out)
	return b, nil
}

// adopt uses the control plane that the options name, or the one that KUBEBUILDER_ASSETS names if it fits.
func (c *Cloud) adopt(ctx context.Context, stale []programs.Program) ([]programs.Program, error) {
	isControlPlane := func(p programs.Program) bool { return p.Dir == programs.ControlPlaneDir }
	dir := c.options.ControlPlane
	if dir == "" {
		dir = c.options.Assets
	}
	if dir == "" || !slices.ContainsFunc(stale, isControlPlane) {
		return stale, nil
	}
	left, adopted, err := programs.Adopt(ctx, c.bin, dir, stale)
	switch {
	case err != nil && c.options.ControlPlane != "":
		return nil, fmt.Errorf("--control-plane: %w", err)
	case err != nil:
		fmt.Fprintf(c.options.Out, "KUBEBUILDER_ASSETS is not used: %v\n", err)
		return stale, nil
	case len(adopted) > 0:
		fmt.Fprintf(c.options.Out, "%s: used from %s, not built\n", strings.Join(adopted, ", "), dir)
	}
	return left, nil
}

// announced is how many packages make a build worth an announcement.
const announced = 200

// announce says what is built, how much of it each program is, and how long all of it takes at most.
func (b *building) announce(out io.Writer) {
	if b.meter.Total() < announced {
		return
	}
	fmt.Fprintf(out, "%d packages are to be compiled, once: at most about %s on %d cores, less where Go has some in its cache.\n",
		b.meter.Total(), b.meter.Estimate().Round(time.Minute), runtime.GOMAXPROCS(0))
	for _, p := range b.stale {
		if n := b.meter.Packages(p); n > 0 {
			fmt.Fprintf(out, "  %-24s %3d %%  %s\n", p.Name, (100*n+b.meter.Total()/2)/b.meter.Total(), part(b.meter, n).Round(time.Second))
		}
	}
}

func part(m *programs.Meter, packages int) time.Duration {
	return m.Estimate() * time.Duration(packages) / time.Duration(m.Total())
}

// of are the steps that build the programs with the names, as far as they are still to be built.
func (b *building) of(names ...string) []step {
	return b.take(func(p programs.Program) bool { return slices.Contains(names, p.Name) })
}

// all are the steps that build the rest.
func (b *building) all() []step { return b.take(func(programs.Program) bool { return true }) }

func (b *building) take(wanted func(programs.Program) bool) []step {
	var steps []step
	for _, program := range b.stale {
		if !wanted(program) {
			continue
		}
		s := step{what: "building " + program.Name, do: func(ctx context.Context) error {
			return program.Build(ctx, b.root, b.bin, b.meter)
		}}
		if b.meter != nil {
			s.progress = func() string { return fmt.Sprintf("%d %% of the build", b.meter.Percent()) }
		}
		steps = append(steps, s)
	}
	b.stale = slices.DeleteFunc(b.stale, wanted)
	return steps
}
