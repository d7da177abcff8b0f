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

// Environ is this process's environment with what the env file sets.
func (c *Cloud) Environ() []string {
	environ := append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	for _, v := range c.aws() {
		environ = append(environ, v.name+"="+v.value)
	}
	return append(environ, "PATH="+c.searchPath()+":"+os.Getenv("PATH"))
}

// writeEnv writes the file to source. It is the last thing on the way up: where it stands, the cloud stands.
func (c *Cloud) writeEnv() error {
	lines := &strings.Builder{}
	fmt.Fprintf(lines, "export KUBECONFIG=%s\n", quote(c.Kubeconfig()))
	for _, v := range c.aws() {
		fmt.Fprintf(lines, "export %s=%s\n", v.name, quote(v.value))
	}
	fmt.Fprintf(lines, "export PATH=%s:\"$PATH\"\n", quote(c.searchPath()))
	unfinished := c.EnvFile() + ".tmp"
	if err := os.WriteFile(unfinished, []byte(lines.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, c.EnvFile())
}

// quote makes one word of the text for any shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
