package kubelet

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSeekLines(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	for name, test := range map[string]struct {
		content string
		lines   int
		want    string
	}{
		"fewer than there are": {"a\nb\nc\n", 2, "b\nc\n"},
		"all":                  {"a\nb\nc\n", 3, "a\nb\nc\n"},
		"more than there are":  {"a\nb\n", 9, "a\nb\n"},
		"unfinished last line": {"a\nb\nc", 2, "b\nc"},
		"empty lines":          {"a\n\n\n", 2, "\n\n"},
		"nothing":              {"", 2, ""},
		"across chunks":        {"a\n" + long + "\nb\n", 2, long + "\nb\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if err := seekLines(file, test.lines); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(file); err != nil || string(got) != test.want {
				t.Errorf("got %.40q and error %v, want %.40q", got, err, test.want)
			}
		})
	}
}

func TestPruneLogsKeepsTheNewest(t *testing.T) {
	dir, start := t.TempDir(), time.Now()
	for i := range keptLogs + 3 {
		path := filepath.Join(dir, fmt.Sprintf("pod-%d", i))
		if err := os.Mkdir(path, 0o750); err != nil {
			t.Fatal(err)
		}
		at := start.Add(time.Duration(i) * time.Second)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	inUse := map[string]bool{filepath.Join(dir, "pod-0"): true}
	if err := pruneLogs(dir, inUse); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"pod-0": true, "pod-1": false, "pod-2": false, "pod-3": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", name, err == nil, want)
		}
	}
}
