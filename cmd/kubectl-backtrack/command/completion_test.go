package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

func TestCompletion(t *testing.T) {
	w := newWorld(t)
	b := w.object("done", success, w.recorded("bt-1", w.at(time.Minute), w.at(30*time.Minute)))
	w.cluster(ledger(entry("bt-1", w.at(time.Minute), w.at(30*time.Minute), b)))
	w.object("waits", suspended)
	for name, test := range map[string]struct {
		args          []string
		want, without string
	}{
		"commands":           {[]string{""}, "timeline\tDraw", ""},
		"clusters":           {[]string{"run", w.name[:6]}, w.name + "\treaches back to", "done"},
		"one cluster only":   {[]string{"run", w.name, ""}, ":4", w.name + "\t"},
		"several clusters":   {[]string{"clusters", w.name, w.name}, ":4", w.name + "\t"},
		"objects":            {[]string{"status", ""}, "done\t", ""},
		"undoable objects":   {[]string{"undo", ""}, "done\t", "waits"},
		"suspended objects":  {[]string{"approve", ""}, "waits\t", "done"},
		"running objects":    {[]string{"wait", ""}, "waits\t", "done"},
		"what is none":       {[]string{"approve", "zzz"}, ":4", "waits"},
		"outputs":            {[]string{"status", "-o", ""}, "wide", ""},
		"formats":            {[]string{"timeline", w.name, "-o", ""}, "svg", ""},
		"clusters of a flag": {[]string{"undo", "--cluster", ""}, w.name, ""},
		"records":            {[]string{"undo", "--cluster", w.name, "--record", ""}, "bt-1\tto " + string(w.at(30*time.Minute)), ""},
		"no records":         {[]string{"undo", "--record", ""}, ":4", "bt-1"},
		"namespaces":         {[]string{"status", "-n", ""}, w.name, ""},
		"contexts":           {[]string{"status", "--context", ""}, ":4", "error"},
		"colours":            {[]string{"status", "--color", ""}, "always", ""},
		"dry runs":           {[]string{"run", w.name, "--dry-run", ""}, "server", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.run(append([]string{"__complete"}, test.args...)...)
			r.T = t
			r.want(exit.Succeeded, test.want)
			if test.without != "" && strings.Contains(r.out, test.without) {
				r.Errorf("it offers %q:\n%s", test.without, r.out)
			}
		})
	}
}

// Who may list nothing, or reaches no API server, is offered nothing, and told nothing: a shell would show it as names.
func TestCompletionWithoutTheRight(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.user = eve
	for _, args := range [][]string{{"timeline", ""}, {"undo", "--cluster", w.name, "--record", ""}, {"timeline", "--server", "https://127.0.0.1:1", ""}} {
		r := w.run(append([]string{"__complete"}, args...)...).want(exit.Succeeded, ":4")
		if strings.TrimSpace(r.out) != ":4" {
			t.Errorf("%v completes to %q, want nothing", args, r.out)
		}
	}
}

// Every command that takes names completes them; none falls back to the names of files.
func TestEveryCommandCompletes(t *testing.T) {
	for _, cmd := range newRoot(New(genericiooptions.IOStreams{}, "test")).Commands() {
		takesNames := strings.Contains(cmd.Use, "NAME") || strings.Contains(cmd.Use, "CLUSTER")
		if takesNames != (cmd.ValidArgsFunction != nil) && !cmd.Hidden && cmd.Name() != "help" {
			t.Errorf("%s: it takes names: %t, and completes them: %t", cmd.Use, takesNames, cmd.ValidArgsFunction != nil)
		}
	}
}

// kubectl runs kubectl_complete-backtrack for the completion of its plugin; it must hand everything over as it is.
func TestCompletionScript(t *testing.T) {
	folder := t.TempDir()
	fake := "#!/bin/sh\nprintf '<%s>' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(folder, "kubectl-backtrack"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), "sh", filepath.Join("..", "kubectl_complete-backtrack"), "run", "a b", "--to", "")
	script.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	out, err := script.CombinedOutput()
	if want := "<" + cobra.ShellCompRequestCmd + "><run><a b><--to><>"; err != nil || string(out) != want {
		t.Errorf("the script ran the plugin with %s (%v), want %s", out, err, want)
	}
}
