// Package docs_test checks the documentation against the repository.
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

// TestRunbook: every reason that a condition or an event can have is in the runbook, and no other.
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
