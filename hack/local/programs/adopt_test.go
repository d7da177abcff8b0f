package programs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// assets makes a folder with a control plane of a version.
func assets(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"kube-apiserver", "etcd", "kubectl"} {
		write(t, dir, name, "#!/bin/sh\necho Kubernetes "+version+"\n")
		if err := os.Chmod(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAdopt(t *testing.T) {
	root, own := checkout(t)
	bin, dir := filepath.Join(root, "bin"), assets(t, kubernetesVersion)
	write(t, root, "hack/tools/controlplane/go.mod", "module x\n")
	write(t, root, "hack/tools/controlplane/go.sum", "")
	all := append(ControlPlane(), own)
	left, adopted, err := Adopt(t.Context(), bin, dir, all)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range left {
		names = append(names, p.Name)
	}
	if want := []string{"kube-controller-manager", "kube-scheduler", "x"}; !slices.Equal(names, want) {
		t.Errorf("%v are left to be built, want %v", names, want)
	}
	if len(adopted) != 3 {
		t.Errorf("it adopted %v, want three programs", adopted)
	}
	for _, name := range adopted {
		target, err := os.Readlink(filepath.Join(bin, ControlPlaneDir, name))
		if err != nil || target != filepath.Join(dir, name) {
			t.Errorf("%s leads to %q (%v), want the one in %s", name, target, err, dir)
		}
	}
	// Without the folder they are built again, and with it they stay what they are.
	stale, err := Stale(root, bin, ControlPlane())
	if err != nil || len(stale) != 5 {
		t.Errorf("%d programs are to be built (%v), want all 5", len(stale), err)
	}
	before := all[0].Built(bin)
	if _, _, err := Adopt(t.Context(), bin, dir, all); err != nil || all[0].Built(bin) != before {
		t.Errorf("the stamp changed from %q to %q (%v)", before, all[0].Built(bin), err)
	}
}

func TestAdoptRefusesWhatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		dir  func(*testing.T) string
		want string
	}{
		"an older one":     {func(t *testing.T) string { return assets(t, "v1.30.2") }, "is version v1.30.2"},
		"an empty folder":  {func(t *testing.T) string { return t.TempDir() }, "name a folder with kube-apiserver"},
		"no folder at all": {func(*testing.T) string { return "/nonexistent" }, "name a folder with kube-apiserver"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Adopt(t.Context(), t.TempDir(), test.dir(t), ControlPlane())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// Its own folder is not adopted: what stands there is built, and links would lead to themselves.
func TestAdoptLeavesItsOwnFolderAlone(t *testing.T) {
	bin := t.TempDir()
	if err := os.Mkdir(filepath.Join(bin, ControlPlaneDir), 0o750); err != nil {
		t.Fatal(err)
	}
	left, adopted, err := Adopt(t.Context(), bin, filepath.Join(bin, ControlPlaneDir), ControlPlane())
	if err != nil || len(left) != 5 || len(adopted) != 0 {
		t.Errorf("%d are left and %v adopted (%v), want all 5 left", len(left), adopted, err)
	}
}
