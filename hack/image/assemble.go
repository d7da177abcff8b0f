package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// What is in the image, and who runs it. The number is there so that runAsNonRoot can see that it is not root.
const (
	managerPath = "/manager"
	rootsPath   = "/etc/ssl/certs/ca-certificates.crt"
	user        = "65532:65532"
)

// labels say what the image is.
func labels(version string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "aurora-backtrack",
		"org.opencontainers.image.description": "Rewinds Aurora MySQL clusters as Kubernetes objects ask for it",
		"org.opencontainers.image.source":      "https://github.com/aurora-backtrack/operator",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     version,
	}
}

// assemble writes an index with one image for each PLATFORM=MANAGER. Nothing in it depends on the time or the machine, so
// that the same programs make the same digest.
func assemble(version, out string, managers []string) error {
	roots, err := rootsLayer()
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(v1.ImageIndex(empty.Index), types.OCIImageIndex)
	for _, manager := range managers {
		name, path, ok := strings.Cut(manager, "=")
		if !ok {
			return fmt.Errorf("%q is not PLATFORM=MANAGER", manager)
		}
		platform, err := v1.ParsePlatform(name)
		if err != nil || platform.OS == "" || platform.Architecture == "" {
			return fmt.Errorf("%q is not a platform such as linux/amd64", name)
		}
		program, err := os.ReadFile(path) //nolint:gosec // a file that the caller names
		if err != nil {
			return fmt.Errorf("reading the manager for %s: %w", name, err)
		}
		image, err := imageOf(version, platform, roots, program)
		if err != nil {
			return fmt.Errorf("assembling %s: %w", name, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return fmt.Errorf("writing %s: %w", out, err)
	}
	if err := path.AppendIndex(index); err != nil {
		return fmt.Errorf("writing %s: %w", out, err)
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}

// imageOf is the image of one platform. The roots come first: they change rarely, and are shared by all platforms.
func imageOf(version string, platform *v1.Platform, roots v1.Layer, program []byte) (v1.Image, error) {
	manager, err := layerOf(file{managerPath, 0o755, program})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.AppendLayers(image, roots, manager)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Config.User = user
	config.Config.Entrypoint = []string{managerPath}
	config.Config.Labels = labels(version)
	return mutate.ConfigFile(image, config)
}

// rootsLayer has Mozilla's roots, as the Go project publishes them; go.mod pins their version.
func rootsLayer() (v1.Layer, error) {
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue // a file of certificates has no way to say on what condition one is trusted
		}
		if err := pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return layerOf(file{rootsPath, 0o644, roots.Bytes()})
}

type file struct {
	path    string
	mode    int64
	content []byte
}

// layerOf is a layer with one file and the folders above it, all of root and without a time.
func layerOf(f file) (v1.Layer, error) {
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	name := strings.TrimPrefix(f.path, "/")
	for i, letter := range name {
		if letter == '/' {
			if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name[:i+1], Mode: 0o755, Format: tar.FormatUSTAR}); err != nil {
				return nil, err
			}
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: f.mode, Size: int64(len(f.content)), Format: tar.FormatUSTAR}
	if err := archive.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := archive.Write(f.content); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	all := slices.Clone(content.Bytes())
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(all)), nil },
		tarball.WithMediaType(types.OCILayer))
}
