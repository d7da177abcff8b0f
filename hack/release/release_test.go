package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
)

const root = "../.."

// TestOneVersion: every place of the repository names the same version, so that what is documented will be released.
func TestOneVersion(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "config", "chart", "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ AppVersion string }
	if err := yaml.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	if err := namesVersion(root, chart.AppVersion); err != nil {
		t.Error(err)
	}
	for version, want := range map[string]string{
		"v9.9.9": "config/default/kustomization.yaml names " + chart.AppVersion + ", not v9.9.9",
		"latest": `"latest" is no version such as v0.2.0`,
		"":       `"" is no version such as v0.2.0`,
	} {
		if err := namesVersion(root, version); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", version, err, want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestChanges: the notes of a release are its section of the changelog.
func TestChanges(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-02\n\n- two\n\n## [1.1.0]\n\n## [1.0.0]\n\nThe first.\n\n[Unreleased]: https://x\n")
	for version, want := range map[string]string{"v1.2.0": "- two\n", "v1.0.0": "The first.\n"} {
		if got, err := changes(dir, version); err != nil || got != want {
			t.Errorf("%s: got %q, %v", version, got, err)
		}
	}
	for version, want := range map[string]string{
		"v1.1.0": "CHANGELOG.md says nothing of 1.1.0", "v1.3.0": "CHANGELOG.md has no section [1.3.0]: give [Unreleased] this name",
	} {
		if _, err := changes(dir, version); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", version, err, want)
		}
	}
}

// TestKrew: the manifest for krew names an archive of each platform that is built, with its checksum.
func TestKrew(t *testing.T) {
	out := t.TempDir()
	for _, p := range platforms {
		write(t, filepath.Join(out, "kubectl-backtrack-"+p.os+"-"+p.arch+".tar.gz"), p.os+p.arch)
	}
	if err := krew(root, out, "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "aurora-backtrack.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Metadata struct{ Name string }
		Spec     struct {
			Version   string
			Platforms []struct {
				Selector         struct{ MatchLabels map[string]string }
				URI, SHA256, Bin string
			}
		}
	}
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if manifest.Spec.Version != "v1.2.3" || manifest.Metadata.Name != "aurora-backtrack" || len(manifest.Spec.Platforms) != len(platforms) {
		t.Errorf("%+v", manifest)
	}
	for _, p := range manifest.Spec.Platforms {
		built := platform{p.Selector.MatchLabels["os"], p.Selector.MatchLabels["arch"]}
		name := "kubectl-backtrack-" + built.os + "-" + built.arch + ".tar.gz"
		sum, err := sumOf(filepath.Join(out, name))
		if err != nil || !slices.Contains(platforms, built) || p.SHA256 != sum || p.Bin != "kubectl-backtrack" ||
			p.URI != "https://github.com/aurora-backtrack/operator/releases/download/v1.2.3/"+name {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestPack: an archive is the same whenever it is made, and has what the manifest for krew expects.
func TestPack(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "program"), "the program")
	var made [][]byte
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := pack(path, []packed{{filepath.Join(dir, "program"), "kubectl-backtrack", 0o755}, {filepath.Join(root, "LICENSE"), "LICENSE", 0o644}}); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, content)
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the same files make two archives")
	}
	zipped, err := gzip.NewReader(bytes.NewReader(made[0]))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(zipped)
	first, err := archive.Next()
	if err != nil || first.Name != "kubectl-backtrack" || first.Mode != 0o755 {
		t.Fatalf("%+v, %v", first, err)
	}
	if text, err := io.ReadAll(archive); err != nil || string(text) != "the program" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestChecksums: every file is listed, in the form of sha256sum.
func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "")
	write(t, filepath.Join(dir, "b"), "x")
	if err := checksums(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	want := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
		"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  b\n"
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}
