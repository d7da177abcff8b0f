package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fence is a block of code with a language, and what else its first line says.
var fence = regexp.MustCompile("(?ms)^```(sh|bash|console)([^\n]*)\n(.*?)^```$")

// TestShell: every block of commands is a program that a shell reads to its end. What a page shows in a block of the language
// console is a session: its commands begin with $.
func TestShell(t *testing.T) {
	blocks := 0
	for page, text := range pages(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			script := match[3]
			if match[1] == "console" {
				var commands []string
				for line := range strings.SplitSeq(script, "\n") {
					if command, ok := strings.CutPrefix(line, "$ "); ok {
						commands = append(commands, command)
					}
				}
				script = strings.Join(commands, "\n")
			}
			blocks++
			command := exec.CommandContext(t.Context(), "bash", "-n")
			command.Stdin = strings.NewReader(script)
			if said, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s: %s\n%s", page, said, script)
			}
		}
	}
	if blocks < 30 {
		t.Errorf("only %d blocks of commands were found", blocks)
	}
}

// TestNamedTests: a block that says which test runs it names one.
func TestNamedTests(t *testing.T) {
	for page, text := range pages(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			if name, named := strings.CutPrefix(strings.TrimSpace(match[2]), "test="); named && name != "first-rewind" {
				t.Errorf("%s: no test runs the blocks named %s", page, name)
			}
		}
	}
}

// TestNeedsAccount: what talks to AWS itself says that it needs an account, since no test runs it.
func TestNeedsAccount(t *testing.T) {
	for page, text := range pages(t) {
		// The local cloud has the AWS CLI talk to the local Aurora.
		if strings.HasPrefix(page, "hack/") || page == "docs/local-cloud.md" || page == "CHANGELOG.md" {
			continue
		}
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			if regexp.MustCompile(`(?m)^(\$ )?aws [a-z]`).MatchString(match[3]) && !strings.Contains(text, "needs an AWS account") {
				t.Errorf("%s shows a command of the AWS CLI, and does not say that it needs an AWS account", page)
			}
		}
	}
}

// TestIndex: docs/README.md leads to every page of docs.
func TestIndex(t *testing.T) {
	index := read(t, filepath.Join(root, "docs", "README.md"))
	for page := range pages(t) {
		if name, ok := strings.CutPrefix(page, "docs/"); ok && name != "README.md" && !strings.Contains(index, "("+name) {
			t.Errorf("docs/README.md does not lead to %s", page)
		}
	}
}
