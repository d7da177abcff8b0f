package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// naming is where the repository names its version.
var naming = []struct {
	file    string
	pattern *regexp.Regexp
}{
	{"config/default/kustomization.yaml", regexp.MustCompile(`(?m)^  newTag: (\S+)$`)},
	{"config/install.yaml", regexp.MustCompile(`(?m)^ +image: ghcr\.io/aurora-backtrack/operator:(\S+)$`)},
	{"config/manager/manager.yaml", regexp.MustCompile(`(?m)^ +image: ghcr\.io/aurora-backtrack/operator:(\S+)$`)},
	{"config/chart/Chart.yaml", regexp.MustCompile(`(?m)^appVersion: (\S+)$`)},
	{"config/chart/Chart.yaml", regexp.MustCompile(`(?m)^version: (\S+)$`)}, // without the v
	{"docs/install.md", regexp.MustCompile(`/releases/download/([^/\s]+)/install\.yaml`)},
	{"docs/install.md", regexp.MustCompile(`charts/aurora-backtrack --version ([0-9][0-9A-Za-z.-]*)`)},
	{"docs/upgrade.md", regexp.MustCompile(`/releases/download/([^/\s]+)/install\.yaml`)},
	{"docs/upgrade.md", regexp.MustCompile(`charts/aurora-backtrack --version ([0-9][0-9A-Za-z.-]*)`)},
	{"docs/upgrade.md", regexp.MustCompile(`ghcr\.io/aurora-backtrack/operator:([0-9A-Za-z.-]+)`)},
}

// form is that of a version.
var form = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// namesVersion fails unless every place of the repository that names a version names this one, and the changelog has a
// section for it.
func namesVersion(root, version string) error {
	if !form.MatchString(version) {
		return fmt.Errorf("%q is no version such as v0.2.0", version)
	}
	for _, place := range naming {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(place.file))) //nolint:gosec // a file of the checkout
		if err != nil {
			return err
		}
		found := place.pattern.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			return fmt.Errorf("%s does not name a version (%s)", place.file, place.pattern)
		}
		for _, match := range found {
			if got := "v" + strings.TrimPrefix(match[1], "v"); got != version {
				return fmt.Errorf("%s names %s, not %s", place.file, match[1], version)
			}
		}
	}
	return nil
}

// changes are what the changelog says of the version. It is an error if that is nothing.
func changes(root, version string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md")) //nolint:gosec // a file of the checkout
	if err != nil {
		return "", err
	}
	name := strings.TrimPrefix(version, "v")
	_, section, found := strings.Cut(string(text), "\n## ["+name+"]")
	if !found {
		return "", fmt.Errorf("CHANGELOG.md has no section [%s]: give [Unreleased] this name", name)
	}
	_, section, _ = strings.Cut(section, "\n") // the date
	section, _, _ = strings.Cut(section, "\n## ")
	section, _, _ = strings.Cut(section, "\n["+"Unreleased]: ")
	if strings.TrimSpace(section) == "" {
		return "", fmt.Errorf("CHANGELOG.md says nothing of %s", name)
	}
	return strings.TrimSpace(section) + "\n", nil
}
