package programs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// checkout makes a module with one program in a folder.
func checkout(t *testing.T) (root string, p Program) {
	t.Helper()
	root = t.TempDir()
	write(t, root, "go.mod", "module example.com/x\n\ngo 1.26\n")
	write(t, root, "src/main.go", "package main\n\nfunc main() {}\n")
	return root, Program{Name: "x", Dir: "sub", Module: ".", Package: "./src", Inputs: []string{"go.mod", "src"}}
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBuiltAgainOnlyAfterChange(t *testing.T) {
	root, p := checkout(t)
	bin := filepath.Join(root, "bin")
	build := func() {
		t.Helper()
		if err := p.Build(t.Context(), root, bin, nil); err != nil {
			t.Fatal(err)
		}
	}
	stale := func() bool {
		t.Helper()
		programs, err := Stale(root, bin, []Program{p})
		if err != nil {
			t.Fatal(err)
		}
		return len(programs) > 0
	}
	if !stale() {
		t.Fatal("a program that was never built is taken for up to date")
	}
	build()
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"nothing", func() {}, false},
		{"a touched file", func() { _ = os.Chtimes(filepath.Join(root, "src/main.go"), time.Now(), time.Now()) }, false},
		{"a new test", func() { write(t, root, "src/x_test.go", "package main\n") }, false},
		{"prose", func() { write(t, root, "src/README.md", "x\n") }, false},
		{"a changed file", func() { write(t, root, "src/main.go", "package main\n\nfunc main() { println() }\n") }, true},
		{"a new file", func() { write(t, root, "src/more.go", "package main\n") }, true},
		{"a removed file", func() { _ = os.Remove(filepath.Join(root, "src/more.go")) }, true},
		{"other flags", func() { p.Flags = []string{"-tags", "y"} }, true},
		{"a removed program", func() { _ = os.Remove(p.Path(bin)) }, true},
	} {
		step.do()
		if got := stale(); got != step.want {
			t.Errorf("after %s it is to be built: %t, want %t", step.what, got, step.want)
		}
		build()
		if stale() {
			t.Errorf("after %s and a build it is to be built again", step.what)
		}
	}
}

func TestFailedBuildSaysWhyAndLeavesTheOldProgram(t *testing.T) {
	root, p := checkout(t)
	bin := filepath.Join(root, "bin")
	if err := p.Build(t.Context(), root, bin, nil); err != nil {
		t.Fatal(err)
	}
	before := p.Built(bin)
	write(t, root, "src/main.go", "package main\n\nfunc main() { nonsense() }\n")
	err := p.Build(t.Context(), root, bin, nil)
	if err == nil || !strings.Contains(err.Error(), "undefined: nonsense") {
		t.Errorf("got %v, want the compiler's message", err)
	}
	if _, err := os.Stat(p.Path(bin)); err != nil || p.Built(bin) != before {
		t.Errorf("the old program is gone: %v", err)
	}
}

func TestNamed(t *testing.T) {
	root := t.TempDir()
	write(t, root, "cmd/manager/main.go", "package main\n")
	picked, err := Named(root, "manager", "etcd")
	if err != nil || len(picked) != 2 || picked[0].Name != "manager" || picked[1].Dir != ControlPlaneDir {
		t.Errorf("got %v and error %v, want the manager and etcd", picked, err)
	}
	if _, err := Named(root, "etcd", "ectd"); err == nil || !strings.Contains(err.Error(), `"ectd"`) {
		t.Errorf("got %v, want an error that names what does not exist", err)
	}
}

func TestMeter(t *testing.T) {
	root, first := checkout(t)
	write(t, root, "src/deep/deep.go", "package deep\n\n// X is used.\nconst X = 1\n")
	write(t, root, "src/main.go", "package main\n\nimport \"example.com/x/src/deep\"\n\nfunc main() { println(deep.X) }\n")
	write(t, root, "more/main.go", "package main\n\nimport \"example.com/x/src/deep\"\n\nfunc main() { println(deep.X) }\n")
	second := first
	second.Name, second.Package = "y", "./more"
	m, err := Measure(t.Context(), root, []Program{first, second})
	if err != nil {
		t.Fatal(err)
	}
	if m.Packages(second) != 1 || m.Total() != m.Packages(first)+1 || m.Estimate() <= 0 {
		t.Errorf("%d and %d packages of %d, in %s, want one more for the second program", m.Packages(first), m.Packages(second), m.Total(), m.Estimate())
	}
	if got := m.Percent(); got != 0 {
		t.Errorf("%d %% are done before the build", got)
	}
	once := !m.compiled("# an error") && m.compiled("example.com/x/src/deep")
	after := m.Percent()
	if !once || !m.compiled("example.com/x/src/deep") || m.Percent() != after {
		t.Error("a package is to be counted once, and nothing else")
	}
	bin := filepath.Join(root, "bin")
	before := m.Percent()
	for _, p := range []Program{first, second} {
		if err := p.Build(t.Context(), root, bin, m); err != nil {
			t.Fatal(err)
		}
		if m.Percent() <= before {
			t.Errorf("%d %% are done after building %s, and %d %% before", m.Percent(), p.Name, before)
		}
		before = m.Percent()
	}
	if before != 100 {
		t.Errorf("%d %% are done in the end", before)
	}
}

func TestMeasureWhatCanNotBeListed(t *testing.T) {
	if _, err := Measure(t.Context(), t.TempDir(), []Program{{Name: "x", Module: ".", Package: "./nothing"}}); err == nil {
		t.Error("it measured what does not exist")
	}
}
