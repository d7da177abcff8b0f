package programs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// Stale returns those of the programs that are missing in bin or were built from something else than what is in root
// now.
func Stale(root, bin string, programs []Program) ([]Program, error) {
	var stale []Program
	for _, p := range programs {
		fresh, _, err := p.UpToDate(root, bin)
		if err != nil {
			return nil, err
		}
		if !fresh {
			stale = append(stale, p)
		}
	}
	return stale, nil
}

// Build builds the program into bin, unless another process has just done so. The program appears whole or not at
// all, one that is running keeps running, and its stamp is written last: a build that is killed is done again. The meter,
// which may be nil, is told of every package.
func (p Program) Build(ctx context.Context, root, bin string, meter *Meter) error {
	// Two builds of one checkout take turns, and the second finds nothing left to do.
	unlock, err := processes.Lock(ctx, filepath.Join(bin, ".build.lock"), nil)
	if err != nil {
		return err
	}
	defer unlock()
	fresh, stamp, err := p.UpToDate(root, bin)
	if err != nil || fresh {
		return err
	}
	target := p.Path(bin)
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return err
	}
	unfinished := target + ".building"
	defer os.Remove(unfinished)
	args := append([]string{"build", "-buildvcs=false", "-o", unfinished}, p.Flags...)
	if meter != nil {
		args = append(args, "-v")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, p.Package)...) //nolint:gosec // builds what the table of programs says
	cmd.Dir = filepath.Join(root, p.Module)
	// An interrupt lets go end the compilers it started; a kill would not.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	output := &buildOutput{meter: meter}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s in %s: %w\n%s", p.Name, p.Module, err, output.rest())
	}
	meter.built(p)
	if err := os.Rename(unfinished, target); err != nil {
		return err
	}
	return writeStamp(p.stampFile(bin), stamp)
}

// buildOutput tells the meter of the packages that `go build -v` names, and keeps all other lines.
type buildOutput struct {
	meter *Meter
	kept  bytes.Buffer
	part  []byte // a line that has not ended yet
}

// Write takes output of the build; it never fails.
func (o *buildOutput) Write(output []byte) (int, error) {
	o.part = append(o.part, output...)
	for {
		text, rest, whole := bytes.Cut(o.part, []byte("\n"))
		if !whole {
			return len(output), nil
		}
		if !o.meter.compiled(string(text)) {
			o.kept.Write(append(text, '\n'))
		}
		o.part = rest
	}
}

// rest is what the build said besides the names of packages.
func (o *buildOutput) rest() string { return o.kept.String() + string(o.part) }

func writeStamp(path, stamp string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(stamp), 0o600)
}
