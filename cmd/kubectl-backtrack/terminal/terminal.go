// Package terminal is where a command of the plugin writes, and where a person answers.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// Terminal is the streams of one call of the plugin, with what is known of the person behind them.
type Terminal struct {
	genericiooptions.IOStreams
	// Clock is the time, and Zone that of the times that people type; both are replaced in tests.
	Clock clock.PassiveClock
	Zone  *time.Location
	// Environ gives an environment variable.
	Environ func(string) string
	// Interactive reports whether a person sits at a stream; replaced in tests.
	Interactive func(any) bool
	// Colour is when the output has colours: auto, always or never.
	Colour string
}

// New makes a terminal of the streams.
func New(streams genericiooptions.IOStreams) *Terminal {
	return &Terminal{IOStreams: streams, Clock: clock.RealClock{}, Zone: time.Local, Environ: os.Getenv, Interactive: isTerminal, Colour: "auto"}
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Plain is the same terminal, but for what is written: that goes to out, without colours.
func (t *Terminal) Plain(out io.Writer) *Terminal {
	plain := *t
	plain.Out, plain.Colour = out, "never"
	return &plain
}

// Printf writes to the standard output.
func (t *Terminal) Printf(format string, args ...any) { fmt.Fprintf(t.Out, format, args...) }

// Notef writes a line to the standard error output: what a person is to know, and a script does not read.
func (t *Terminal) Notef(format string, args ...any) { fmt.Fprintf(t.ErrOut, format+"\n", args...) }

// ASCII reports whether the locale has no more characters than that.
func (t *Terminal) ASCII() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(t.Environ(name)); locale != "" {
			return !strings.Contains(locale, "UTF-8") && !strings.Contains(locale, "UTF8")
		}
	}
	return false
}

// Width is the number of columns: those of the terminal, else of COLUMNS, else 80.
func (t *Terminal) Width() int {
	if file, ok := t.Out.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(t.Environ("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return 80
}
