package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestContributing: every file and folder that CONTRIBUTING.md names exists.
func TestContributing(t *testing.T) {
	text := read(t, filepath.Join(root, "CONTRIBUTING.md"))
	named := regexp.MustCompile("`((?:api|cmd|config|controllers|docs|hack)/[^` ]*)`").FindAllStringSubmatch(text, -1)
	if len(named) < 20 {
		t.Fatalf("it names only %v", named)
	}
	for _, match := range named {
		if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
			t.Errorf("CONTRIBUTING.md names %s, which does not exist", match[1])
		}
	}
}
