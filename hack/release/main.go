// Command release writes the files of a release into a folder: the manifests, the chart, the plugin for each platform, its
// manifest for krew, and the checksums. It refuses a version that the repository does not name.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

// platforms are what the plugin is built for; config/krew names the same.
var platforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}

type platform struct{ os, arch string }

func main() {
	version := flag.String("version", "", "the version, such as v0.2.0: what the repository names")
	root := flag.String("root", ".", "the checkout")
	out := flag.String("out", "bin/release", "the folder of the files, which is made anew")
	helm := flag.String("helm", "bin/helm", "the Helm client")
	sbom := flag.String("sbom", "", "the SBOM of the image")
	notes := flag.String("notes", "bin/release-notes.md", "the file for what the changelog says of the version")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := release(ctx, from{*root, *helm, *sbom, *version}, *out, *notes); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		stop()
		os.Exit(1)
	}
}

// from is what a release is made from.
type from struct{ root, helm, sbom, version string }

func release(ctx context.Context, f from, out, notes string) error {
	root, version := f.root, f.version
	if err := namesVersion(root, version); err != nil {
		return err
	}
	changes, err := changes(root, version)
	if err != nil {
		return err
	}
	if err := os.WriteFile(notes, []byte(changes), 0o600); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o750)); err != nil {
		return err
	}
	for _, p := range platforms {
		if err := plugin(ctx, root, out, version, p); err != nil {
			return err
		}
	}
	for name, path := range map[string]string{"install.yaml": filepath.Join(root, "config", "install.yaml"), "sbom.cdx.json": f.sbom} {
		content, err := os.ReadFile(path) //nolint:gosec // a file that the caller names
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), content, 0o600); err != nil { //nolint:gosec // two names of our own
			return err
		}
	}
	if err := chart(ctx, root, out, f.helm); err != nil {
		return err
	}
	if err := krew(root, out, version); err != nil {
		return err
	}
	return checksums(out)
}
