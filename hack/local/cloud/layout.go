// Package cloud brings the local cloud up and takes it down: etcd, the Kubernetes control plane, a kubelet whose pods
// are processes, and the local Aurora, all on the loopback address of this machine, and the operator on top of them as
// it is deployed anywhere else.
package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say which cloud is meant. The zero value of everything but Root is a good choice.
type Options struct {
	// Root is the checkout: the folder that holds the operator's go.mod.
	Root string
	// State is the folder of everything that belongs to this one cloud; bin/local if empty. Clouds with different
	// state folders know nothing of each other and can run at the same time.
	State string
	// Out is told what is being done; nobody if nil.
	Out io.Writer
	// AuroraFlags are given to the local Aurora on top of what it needs, when the cloud is made.
	AuroraFlags []string
	// Programs are folders of more programs that pods can run, looked into before bin.
	Programs []string
	// ControlPlane is a folder with a kube-apiserver, etcd and kubectl that are used instead of building them. Assets is such
	// a folder that nobody named for this cloud (KUBEBUILDER_ASSETS): it is used if it fits.
	ControlPlane, Assets string
	// RestartBackoff and RestartBackoffMax are the first and the longest wait before a container that ended is
	// started again: 1 s and 10 s if zero, where a kubelet has 10 s and 5 min.
	RestartBackoff, RestartBackoffMax time.Duration
}

// Cloud is one local cloud, up or not.
type Cloud struct {
	options Options
	bin     string
	state   string
	config  config
	mending sync.Mutex // held while a component of a cloud that is up is ended or started
}

// config is what is chosen when a cloud is made and stays as it is until it is removed. Its file is written after
// everything that it refers to: a cloud with a config can be started, one without is only rubbish to be removed.
type config struct {
	Ports             map[string]int
	AuroraFlags       []string
	Programs          []string
	RestartBackoff    time.Duration
	RestartBackoffMax time.Duration
}

// FindRoot looks upwards from a folder for the checkout it is in.
func FindRoot(from string) (string, error) {
	const module = "module github.com/aurora-backtrack/operator\n"
	dir, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // a folder above the one that was named
		if err == nil && strings.Contains(string(content), module) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s is in no checkout of the operator: run it from one, or name one with --root", from)
		}
		dir = parent
	}
}

// New describes the cloud that the options mean. It touches nothing.
func New(options Options) (*Cloud, error) {
	root, err := filepath.Abs(options.Root)
	if err != nil {
		return nil, err
	}
	if options.State == "" {
		options.State = filepath.Join(root, "bin", "local")
	}
	state, err := filepath.Abs(options.State)
	if err != nil {
		return nil, err
	}
	if options.Out == nil {
		options.Out = io.Discard
	}
	options.Root = root
	return &Cloud{options: options, bin: filepath.Join(root, "bin"), state: state}, nil
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *Cloud) Kubeconfig() string { return c.path("kubeconfig") }

// EnvFile is the path of the file to source.
func (c *Cloud) EnvFile() string { return c.path("env") }

// Logs is the folder of all logs: one file a component, and a folder with one file a container of every pod.
func (c *Cloud) Logs() string { return c.path("logs") }

// Bin is the folder of the programs.
func (c *Cloud) Bin() string { return c.bin }

// APIServerURL is where the Kubernetes API is served.
func (c *Cloud) APIServerURL() string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.config.Ports[apiServer])
}

// AuroraURL is where the local Aurora serves the RDS and STS APIs.
func (c *Cloud) AuroraURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.config.Ports[aurora]) }

func (c *Cloud) path(elements ...string) string {
	return filepath.Join(append([]string{c.state}, elements...)...)
}

func (c *Cloud) configFile() string { return c.path("cloud.json") }

// load reads the config of a cloud that exists, and reports whether there is one.
func (c *Cloud) load() (bool, error) {
	content, err := os.ReadFile(c.configFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(content, &c.config); err != nil {
		return false, fmt.Errorf("reading %s: %w", c.configFile(), err)
	}
	return true, nil
}

func (c *Cloud) save() error {
	content, err := json.MarshalIndent(c.config, "", "  ")
	if err != nil {
		return err
	}
	unfinished := c.configFile() + ".tmp"
	if err := os.WriteFile(unfinished, content, 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, c.configFile())
}

// exists says whether there is anything at the path, and waits for nothing.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
