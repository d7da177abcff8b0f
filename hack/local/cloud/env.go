package cloud

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// What the local Aurora is called by AWS clients. The key is no secret: it opens nothing but the local Aurora.
const (
	Region          = "eu-west-1"
	AccessKeyID     = "local"
	SecretAccessKey = "local"
)

// Watchable lets the local Aurora take as long as it takes to watch a rewind: without it a rewind is over at once.
var Watchable = []string{"--pending=1s", "--backtracking=3s", "--status-lag=500ms", "--unlisted=500ms"}

// variable is one line of the env file.
type variable struct{ name, value string }

// aws are the variables by which AWS's own clients find the local Aurora.
func (c *Cloud) aws() []variable {
	return []variable{
		{"AWS_ENDPOINT_URL_RDS", c.AuroraURL()},
		{"AWS_ENDPOINT_URL_STS", c.AuroraURL()},
		{"AWS_REGION", Region},
		// The AWS CLI's version 1 knows the region by this name only.
		{"AWS_DEFAULT_REGION", Region},
		{"AWS_ACCESS_KEY_ID", AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", SecretAccessKey},
	}
}

// searchPath is what comes first on PATH in the env file.
func (c *Cloud) searchPath() string {
	return c.bin + ":" + filepath.Join(c.bin, programs.ControlPlaneDir)
}

// writeEnv writes the file to source. It is the last thing on the way up: where it stands, the cloud stands.
func (c *Cloud) writeEnv() error {
	lines := &strings.Builder{}
	fmt.Fprintf(lines, "export KUBECONFIG=%s\n", quote(c.Kubeconfig()))
	for _, v := range c.aws() {
		fmt.Fprintf(lines, "export %s=%s\n", v.name, quote(v.value))
	}
	fmt.Fprintf(lines, "export PATH=%s:\"$PATH\"\n", quote(c.searchPath()))
	// What a person may have set for their own account and what goes before a key, or does not fit it.
	fmt.Fprintln(lines, "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN")
	unfinished := c.EnvFile() + ".tmp"
	if err := os.WriteFile(unfinished, []byte(lines.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, c.EnvFile())
}

// installCompletion puts the script by which kubectl completes the arguments of its plugin beside the plugin.
func (c *Cloud) installCompletion() error {
	const name = "kubectl_complete-backtrack"
	script, err := os.ReadFile(filepath.Join(c.options.Root, "cmd", "kubectl-backtrack", name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.bin, name), script, 0o700) //nolint:gosec // it is run
}

// quote makes one word of the text for any shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
