package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// indexOf is the one index of a layout.
func indexOf(path string) (v1.ImageIndex, error) {
	root, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if n := len(manifest.Manifests); n != 1 {
		return nil, fmt.Errorf("%s has %d images, want one index", path, n)
	}
	return root.ImageIndex(manifest.Manifests[0].Digest)
}

// check fails unless each platform has an image with the user, the entry point, the labels and the files that it should
// have, and no other files; the one of this machine's platform must print its version.
func check(ctx context.Context, version, path string) error {
	index, err := indexOf(path)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	ran := false
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform == nil {
			return fmt.Errorf("%s has no platform", descriptor.Digest)
		}
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return err
		}
		program, err := checkImage(image, descriptor.Platform, version)
		if err != nil {
			return fmt.Errorf("%s: %w", descriptor.Platform, err)
		}
		if descriptor.Platform.OS == runtime.GOOS && descriptor.Platform.Architecture == runtime.GOARCH {
			if err := saysVersion(ctx, program, version); err != nil {
				return fmt.Errorf("%s: %w", descriptor.Platform, err)
			}
			ran = true
		}
		fmt.Printf("%s %s is as it should be\n", descriptor.Platform, descriptor.Digest)
	}
	if !ran {
		return fmt.Errorf("none of the images is for %s/%s, so none was run", runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

// checkImage checks one image and returns its manager.
func checkImage(image v1.Image, platform *v1.Platform, version string) ([]byte, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	var wrong []error
	if config.OS != platform.OS || config.Architecture != platform.Architecture {
		wrong = append(wrong, fmt.Errorf("it is for %s/%s", config.OS, config.Architecture))
	}
	if config.Config.User != user {
		wrong = append(wrong, fmt.Errorf("it runs as %q, want %q", config.Config.User, user))
	}
	if !slices.Equal(config.Config.Entrypoint, []string{managerPath}) || len(config.Config.Cmd) > 0 {
		wrong = append(wrong, fmt.Errorf("it runs %q %q, want %s", config.Config.Entrypoint, config.Config.Cmd, managerPath))
	}
	for name, want := range labels(version) {
		if got := config.Config.Labels[name]; got != want {
			wrong = append(wrong, fmt.Errorf("the label %s is %q, want %q", name, got, want))
		}
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) != 2 {
		wrong = append(wrong, fmt.Errorf("it has %d layers, want 2", len(layers)))
	}
	files, err := filesOf(image)
	if err != nil {
		return nil, err
	}
	for name := range files {
		if name != managerPath && name != rootsPath {
			wrong = append(wrong, fmt.Errorf("nothing needs %s", name))
		}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(files[rootsPath]) {
		wrong = append(wrong, fmt.Errorf("%s has no certificate", rootsPath))
	}
	program := files[managerPath]
	if !bytes.HasPrefix(program, []byte("\x7fELF")) {
		wrong = append(wrong, fmt.Errorf("%s is no program", managerPath))
	}
	return program, errors.Join(wrong...)
}

// filesOf are the regular files and links of an image. Only the manager may be executable, and nobody may write to any.
func filesOf(image v1.Image) (map[string][]byte, error) {
	flat := mutate.Extract(image)
	defer flat.Close()
	files := map[string][]byte{}
	for archive := tar.NewReader(flat); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the layers: %w", err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		path := "/" + strings.TrimPrefix(header.Name, "/")
		if header.Mode&0o022 != 0 || (path == managerPath) != (header.Mode&0o111 != 0) || header.Mode&0o7000 != 0 {
			return nil, fmt.Errorf("%s has the mode %o", path, header.Mode)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		files[path] = content
	}
}

// saysVersion runs the program in an empty folder, with an empty environment.
func saysVersion(ctx context.Context, program []byte, version string) error {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "manager")
	if err := os.WriteFile(path, program, 0o700); err != nil { //nolint:gosec // a program is executable
		return err
	}
	command := exec.CommandContext(ctx, path, "--version") //nolint:gosec // the program that is checked
	command.Dir, command.Env = dir, []string{}
	said, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("manager --version: %w: %s", err, said)
	}
	if got, want := strings.TrimSpace(string(said)), "aurora-backtrack manager "+version; got != want {
		return fmt.Errorf("manager --version prints %q, want %q", got, want)
	}
	return nil
}
