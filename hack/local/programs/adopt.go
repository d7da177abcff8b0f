package programs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Adopt uses a control plane that is on the machine already: those of the programs of the control plane that dir has
// become links in bin. It returns the programs that are left to be built, and the names of those that are not. A
// kube-apiserver of another minor version than the one that is pinned here is an error: the other programs would not fit.
func Adopt(ctx context.Context, bin, dir string, stale []Program) (left []Program, adopted []string, err error) {
	own, err := os.Stat(filepath.Join(bin, ControlPlaneDir))
	if there, thereErr := os.Stat(dir); err == nil && thereErr == nil && os.SameFile(own, there) {
		return stale, nil, nil // what is here is built here
	}
	if err := fits(ctx, dir); err != nil {
		return nil, nil, err
	}
	for _, p := range stale {
		info, err := os.Stat(filepath.Join(dir, p.Name))
		if p.Dir != ControlPlaneDir || err != nil || info.IsDir() {
			left = append(left, p)
			continue
		}
		if err := p.link(bin, filepath.Join(dir, p.Name), info); err != nil {
			return nil, nil, err
		}
		adopted = append(adopted, p.Name)
	}
	return left, adopted, nil
}

// fits checks the version of the kube-apiserver in the folder.
func fits(ctx context.Context, dir string) error {
	server := filepath.Join(dir, "kube-apiserver")
	output, err := exec.CommandContext(ctx, server, "--version").Output() //nolint:gosec // the folder that the person named
	if err != nil {
		return fmt.Errorf("asking %s for its version: %w: name a folder with kube-apiserver, etcd and kubectl", server, err)
	}
	version := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(output)), "Kubernetes "))
	minor := kubernetesVersion[:strings.LastIndex(kubernetesVersion, ".")+1]
	if !strings.HasPrefix(version, minor) {
		return fmt.Errorf("%s is version %s, and this needs %sx", server, version, minor)
	}
	return nil
}

// link makes the program in bin a link to the one that is there already. Its stamp is none that a build would write, so it is
// built once the other one is no longer named.
func (p Program) link(bin, target string, info os.FileInfo) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	path := p.Path(bin)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	unfinished := path + ".linking"
	_ = os.Remove(unfinished)
	if err := os.Symlink(target, unfinished); err != nil {
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	return writeStamp(p.stampFile(bin), fmt.Sprintf("%s %d %d", target, info.Size(), info.ModTime().UnixNano()))
}
