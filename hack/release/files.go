package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// plugin builds the kubectl plugin for a platform, and packs it with its completion and the license.
func plugin(ctx context.Context, root, out, version string, p platform) error {
	dir, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "kubectl-backtrack")
	build := exec.CommandContext(ctx, "go", "-C", root, "build", "-trimpath", "-ldflags=-s -w -X main.version="+version, "-o", program, "./cmd/kubectl-backtrack") //nolint:gosec // arguments of our own
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the plugin for %s/%s: %w", p.os, p.arch, err)
	}
	return pack(filepath.Join(out, fmt.Sprintf("kubectl-backtrack-%s-%s.tar.gz", p.os, p.arch)), []packed{
		{program, "kubectl-backtrack", 0o755},
		{filepath.Join(root, "cmd", "kubectl-backtrack", "kubectl_complete-backtrack"), "kubectl_complete-backtrack", 0o755},
		{filepath.Join(root, "LICENSE"), "LICENSE", 0o644},
	})
}

type packed struct {
	from, name string
	mode       int64
}

// pack writes an archive in which nothing depends on the time or the machine.
func pack(path string, files []packed) error {
	var content bytes.Buffer
	zipped := gzip.NewWriter(&content)
	archive := tar.NewWriter(zipped)
	for _, file := range files {
		text, err := os.ReadFile(file.from)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: file.name, Mode: file.mode, Size: int64(len(text)), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, content.Bytes(), 0o600)
}

// chart packs the Helm chart.
func chart(ctx context.Context, root, out, helm string) error {
	command := exec.CommandContext(ctx, helm, "package", filepath.Join(root, "config", "chart"), "--destination", out) //nolint:gosec // the caller's Helm
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("packing the chart: %w\n%s", err, said)
	}
	return nil
}

// krew fills the plugin's manifest for krew in. It is written as krew-release-bot reads it, so that the bot would make the same.
func krew(root, out, version string) error {
	source, err := os.ReadFile(filepath.Join(root, "config", "krew", "aurora-backtrack.yaml")) //nolint:gosec // a file of the checkout
	if err != nil {
		return err
	}
	uriAndSum := func(uri, tag string) (string, error) {
		uri = strings.ReplaceAll(uri, "{{ .TagName }}", tag)
		sum, err := sumOf(filepath.Join(out, filepath.Base(uri)))
		return fmt.Sprintf("uri: %s\n    sha256: %s", uri, sum), err
	}
	manifest, err := template.New("krew").Funcs(template.FuncMap{"addURIAndSha": uriAndSum}).Parse(string(source))
	if err != nil {
		return fmt.Errorf("config/krew/aurora-backtrack.yaml: %w", err)
	}
	var text bytes.Buffer
	if err := manifest.Execute(&text, struct{ TagName string }{version}); err != nil {
		return fmt.Errorf("config/krew/aurora-backtrack.yaml: %w", err)
	}
	return os.WriteFile(filepath.Join(out, "aurora-backtrack.yaml"), text.Bytes(), 0o600)
}

// checksums are those of all files, as `sha256sum --check` reads them.
func checksums(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, entry := range entries {
		sum, err := sumOf(filepath.Join(out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, entry.Name())
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(text.String()), 0o600)
}

func sumOf(path string) (string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a file of the release
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
