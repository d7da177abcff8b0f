package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestFirstRewind runs every command of docs/first-rewind.md, as they stand there, on an operator that was installed by the
// manifests.
func TestFirstRewind(t *testing.T) {
	i := newInstallation(t)
	i.install()
	w := i.world()
	w.manager()
	game := &world{T: t, WithWatch: w.WithWatch, name: "game", manages: w.manages}
	game.addAurora("game")
	game.controllers()

	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "first-rewind.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```sh test=first-rewind\n(.*?)^```$").FindAllSubmatch(page, -1)
	if all := regexp.MustCompile("(?m)^```sh").FindAll(page, -1); len(blocks) < 5 || len(all) != len(blocks) {
		t.Fatalf("%d of %d blocks of commands are run", len(blocks), len(all))
	}
	for _, block := range blocks {
		if said, err := i.run("bash", "-euo", "pipefail", "-c", string(block[1])); err != nil {
			t.Fatalf("%s\n%v\n%s", block[1], err, said)
		}
	}
	if n := game.asked(); n != 2 {
		t.Errorf("RDS was asked %d times", n)
	}
	var left v1alpha1.AuroraClusterList
	w.must(w.List(t.Context(), &left))
	if len(left.Items) > 0 {
		t.Errorf("left are %d AuroraClusters", len(left.Items))
	}
}
