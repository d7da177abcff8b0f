package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// pages are all Markdown files of the repository, by their paths from its root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, func(path string) {
		if strings.HasSuffix(path, ".md") {
			found[path] = read(t, filepath.Join(root, path))
		}
	})
	for _, page := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/install.md", "docs/runbook.md"} {
		if found[page] == "" {
			t.Fatalf("there is no %s", page)
		}
	}
	return found
}

// walk gives the paths of all files that belong to the repository, but for what is built and what Git keeps.
func walk(t *testing.T, file func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		from, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (from == "bin" || entry.Name() == ".git"):
			return filepath.SkipDir
		case entry.Type().IsRegular():
			file(filepath.ToSlash(from))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinks: every relative link leads to a file that exists, and to a heading in it.
func TestLinks(t *testing.T) {
	all := pages(t)
	link := regexp.MustCompile(`\]\(([^)#:\s]*)(?:#([^)\s]*))?\)`)
	for page, text := range all {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target := page
			if match[1] != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(page), match[1]))
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if match[2] != "" && !slices.Contains(anchors(all[target]), match[2]) {
				t.Errorf("%s links to #%s of %s, which has no such heading", page, match[2], target)
			}
		}
	}
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^#+ +(.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(strings.TrimSpace(name), " ", "-"))
	}
	return names
}

// TestWaits: no page waits for the condition Succeeded alone, which lasts the whole timeout when a rewind failed. To look
// once, with a timeout of 0, is no waiting.
func TestWaits(t *testing.T) {
	waits := regexp.MustCompile("kubectl wait[^\n`]*")
	ends := 0
	for page, text := range pages(t) {
		for _, command := range waits.FindAllString(text, -1) {
			if strings.Contains(command, "condition=Succeeded") && !regexp.MustCompile(`--timeout=0( |$)`).MatchString(command) {
				t.Errorf("%s waits without an end for a rewind that failed: %s", page, command)
			}
			if strings.Contains(command, `--for=jsonpath='{.status.completedAt}'`) {
				ends++
			}
		}
	}
	if ends < 3 {
		t.Errorf("%d commands wait for the end of a rewind", ends)
	}
}

// TestOldWords: what has another name now is called by it everywhere but in the changelog.
func TestOldWords(t *testing.T) {
	old := regexp.MustCompile(`(?i)endRunningJobs|DependentNotSound|LookingForRecord|follow-to-the-end|status\.request\b|repeat: true|controllers/aurora\b|hack/e2e\b`)
	walk(t, func(path string) {
		if path == "CHANGELOG.md" || strings.HasPrefix(path, "hack/manifests/") || strings.Contains(path, "testdata/") {
			return
		}
		switch filepath.Ext(path) {
		case ".md", ".yaml", ".go", ".sh", "":
			for number, line := range strings.Split(read(t, filepath.Join(root, path)), "\n") {
				if word := old.FindString(line); word != "" {
					t.Errorf("%s:%d says %q", path, number+1, word)
				}
			}
		}
	})
}

// TestFields: the page of each kind explains every field of its spec and its status.
func TestFields(t *testing.T) {
	for kind, hidden := range map[string][]string{
		"auroracluster":   {"status.observedGeneration"},
		"aurorabacktrack": {"status.observedGeneration"},
	} {
		page := read(t, filepath.Join(root, "docs", kind+".md"))
		crd := map[string]any{}
		if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, "config/crd/bases/aurora-backtrack.io_"+kind+"s.yaml"))), &crd); err != nil {
			t.Fatal(err)
		}
		versions, _, _ := unstructured.NestedSlice(crd, "spec", "versions")
		for _, part := range []string{"spec", "status"} {
			fields, _, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema", "properties", part, "properties")
			if err != nil || len(fields) < 3 {
				t.Fatalf("%s.%s of the CRD: %v, %v", kind, part, fields, err)
			}
			explained := func(path string) {
				if !slices.Contains(hidden, part+"."+path) && !regexp.MustCompile("`(status\\.)?"+regexp.QuoteMeta(path)+"[.`]").MatchString(page) {
					t.Errorf("docs/%s.md does not explain %s.%s", kind, part, path)
				}
			}
			for field := range fields {
				if field != "policy" {
					explained(field)
					continue
				}
				policy, _, _ := unstructured.NestedMap(fields, "policy", "properties")
				for rule := range policy {
					explained("policy." + rule)
				}
			}
		}
	}
}
