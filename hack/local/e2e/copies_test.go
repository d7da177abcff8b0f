package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSalvagePage holds that the statements that are run are those that docs/salvage.md shows, all of them and in its order.
func TestSalvagePage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/salvage.md")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for i, part := range strings.Split(string(page), "```") {
		if block, ok := strings.CutPrefix(part, "sql\n"); ok && i%2 == 1 {
			shown = append(shown, strings.Split(strings.TrimSpace(block), "\n")...)
		}
	}
	if run := slices.Concat(salvageRead, salvageTables, salvageMerge); !slices.Equal(run, shown) {
		t.Errorf("the page shows\n%s\nand these are run\n%s", strings.Join(shown, "\n"), strings.Join(run, "\n"))
	}
}
