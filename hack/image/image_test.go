package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

const version = "v1.2.3"

// TestMain lets this very test binary stand in for the manager, which prints its version.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("aurora-backtrack manager " + version)
		return
	}
	os.Exit(m.Run())
}

// assembled is an image of those platforms.
func assembled(t *testing.T, managers ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "image")
	if err := run(t.Context(), append([]string{"assemble", "--version", version, "--out", out}, managers...)); err != nil {
		t.Fatal(err)
	}
	return out
}

func digest(t *testing.T, path string) string {
	t.Helper()
	index, err := indexOf(path)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

// TestImage: it is as it should be on every platform, and the same programs make the same image.
func TestImage(t *testing.T) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	managers := []string{"linux/" + runtime.GOARCH + "=" + os.Args[0], "linux/" + other + "=" + os.Args[0]}
	first, second := assembled(t, managers...), assembled(t, managers...)
	if err := run(t.Context(), []string{"check", "--version", version, first}); err != nil {
		t.Error(err)
	}
	if a, b := digest(t, first), digest(t, second); a != b {
		t.Errorf("the same programs make %s and %s", a, b)
	}
}

// TestRoots: AWS's certificates are signed by Amazon's own roots, and by Starfield's.
func TestRoots(t *testing.T) {
	layer, err := rootsLayer()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(content); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "BEGIN CERTIFICATE"); n < 100 {
		t.Errorf("it has %d certificates", n)
	}
}

// TestCheck: what is wrong with an image is found.
func TestCheck(t *testing.T) {
	good := assembled(t, "linux/"+runtime.GOARCH+"="+os.Args[0])
	layerWith := func(f file) func(v1.Image) (v1.Image, error) {
		return func(image v1.Image) (v1.Image, error) {
			layer, err := layerOf(f)
			if err != nil {
				return nil, err
			}
			return mutate.AppendLayers(image, layer)
		}
	}
	configured := func(change func(*v1.ConfigFile)) func(v1.Image) (v1.Image, error) {
		return func(image v1.Image) (v1.Image, error) {
			config, err := image.ConfigFile()
			if err != nil {
				return nil, err
			}
			config = config.DeepCopy()
			change(config)
			return mutate.ConfigFile(image, config)
		}
	}
	for name, test := range map[string]struct {
		change func(v1.Image) (v1.Image, error)
		want   string
	}{
		"root":              {configured(func(c *v1.ConfigFile) { c.Config.User = "" }), `it runs as ""`},
		"a shell":           {layerWith(file{"/bin/sh", 0o755, []byte("x")}), "/bin/sh has the mode 755"},
		"a file too many":   {layerWith(file{"/etc/motd", 0o644, []byte("x")}), "nothing needs /etc/motd"},
		"writable":          {layerWith(file{managerPath, 0o777, []byte("x")}), "/manager has the mode 777"},
		"no program":        {layerWith(file{managerPath, 0o755, []byte("x")}), "/manager is no program"},
		"no roots":          {layerWith(file{rootsPath, 0o644, nil}), "has no certificate"},
		"another platform":  {configured(func(c *v1.ConfigFile) { c.Architecture = "riscv64" }), "it is for linux/riscv64"},
		"another command":   {configured(func(c *v1.ConfigFile) { c.Config.Cmd = []string{"--help"} }), "want /manager"},
		"another version":   {configured(func(c *v1.ConfigFile) { c.Config.Labels = labels("v9") }), `is "v9"`},
		"what nobody chose": {func(image v1.Image) (v1.Image, error) { return image, nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			index, err := indexOf(good)
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := index.IndexManifest()
			if err != nil {
				t.Fatal(err)
			}
			image, err := index.Image(manifest.Manifests[0].Digest)
			if err != nil {
				t.Fatal(err)
			}
			if image, err = test.change(image); err != nil {
				t.Fatal(err)
			}
			_, err = checkImage(image, manifest.Manifests[0].Platform, version)
			if got := ""; test.want == "" && err != nil {
				t.Errorf("got %v", err)
			} else if err != nil {
				if got = err.Error(); !strings.Contains(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			} else if test.want != "" {
				t.Errorf("nothing is wrong, want %q", test.want)
			}
		})
	}
	if err := run(t.Context(), []string{"check", "--version", "v9", good}); err == nil || !strings.Contains(err.Error(), "v1.2.3") {
		t.Errorf("another version: %v", err)
	}
	if _, err := layout.FromPath(t.TempDir()); err == nil {
		t.Error("an empty folder is a layout")
	}
}

// TestArguments: bad input is refused with what is wrong.
func TestArguments(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"none":           {nil, "usage: "},
		"no version":     {[]string{"assemble", "--out", "x", "linux/amd64=x"}, "usage: "},
		"no platform":    {[]string{"assemble", "--version", "v1", "--out", t.TempDir(), "manager"}, `"manager" is not PLATFORM=MANAGER`},
		"bad platform":   {[]string{"assemble", "--version", "v1", "--out", t.TempDir(), "linux=x"}, `"linux" is not a platform`},
		"no program":     {[]string{"assemble", "--version", "v1", "--out", t.TempDir(), "linux/amd64=/nowhere"}, "reading the manager for linux/amd64"},
		"no layout":      {[]string{"check", "--version", "v1", t.TempDir()}, "reading "},
		"bad reference":  {[]string{"push", assembled(t, "linux/arm64="+os.Args[0]), "no tag"}, `the reference "no tag"`},
		"nothing to run": {[]string{"check", "--version", version, assembled(t, "linux/s390x="+os.Args[0])}, "none of the images is for"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), test.arguments); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
