// Package docs_test holds the documentation to what there is.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// TestRunbook: every reason that a person can meet at three in the morning is in the runbook.
func TestRunbook(t *testing.T) {
	runbook := read(t, filepath.Join(root, "docs", "runbook.md"))
	reasons := reasons(t)
	if len(reasons) < 30 {
		t.Fatalf("found only %d reasons in the API", len(reasons))
	}
	for _, reason := range reasons {
		if !strings.Contains(runbook, "| `"+reason+"`") && !strings.Contains(runbook, ", `"+reason+"`") {
			t.Errorf("docs/runbook.md has no row for the reason %s", reason)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)`").FindAllStringSubmatch(runbook, -1) {
		if !slices.Contains(reasons, row[1]) {
			t.Errorf("docs/runbook.md explains %s, which is no reason", row[1])
		}
	}
}

// TestLinks: every relative link in the documentation leads somewhere.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no documentation: %v", err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(page), match[1])
			}
		}
	}
}

// reasons are the values of the constants Reason… of the API.
func reasons(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api", "v1alpha1", "conditions.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
		return true
	})
	return values
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
