package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// planned is what CONTRIBUTING.md names although the controllers' new structure is not there yet.
var planned = []string{"controllers/backtrack/steps/"}

// TestContributing: every file and folder that CONTRIBUTING.md names exists.
func TestContributing(t *testing.T) {
	text := read(t, filepath.Join(root, "CONTRIBUTING.md"))
	named := regexp.MustCompile("`((?:api|cmd|config|controllers|docs|hack)/[^` ]*)`").FindAllStringSubmatch(text, -1)
	if len(named) < 20 {
		t.Fatalf("it names only %v", named)
	}
	for _, match := range named {
		_, err := os.Stat(filepath.Join(root, match[1]))
		switch waits := slices.Contains(planned, match[1]); {
		case waits && err == nil:
			t.Errorf("%s exists: it is no longer planned", match[1])
		case !waits && err != nil:
			t.Errorf("CONTRIBUTING.md names %s, which does not exist", match[1])
		}
	}
}
