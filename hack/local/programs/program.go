// Package programs knows every executable the local cloud runs, builds what is missing and leaves alone what did not
// change.
package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ControlPlaneDir is where etcd, kube-apiserver and kubectl stand side by side, below bin: what envtest calls
// KUBEBUILDER_ASSETS.
const ControlPlaneDir = "control-plane"

// kubernetesVersion is stamped into the control plane. Without it the programs say v0.0.0-master, which clients that
// compare versions cannot parse. It is the k8s.io/kubernetes release that hack/tools/controlplane/go.mod pins.
const kubernetesVersion = "v1.37.1"

// Program is one executable and what it is built from.
type Program struct {
	// Name is what a person and a container command call it.
	Name string
	// Dir is the folder below bin that it is put into; empty for bin itself.
	Dir string
	// Module is the folder of the Go module it is built in, from the repository's root.
	Module string
	// Package is its import path, or a path relative to Module.
	Package string
	// Flags are given to `go build`.
	Flags []string
	// Inputs are the files and folders, from the repository's root, whose content decides whether it is built again.
	Inputs []string
}

// Path is where the program stands when bin is the folder of all programs.
func (p Program) Path(bin string) string { return filepath.Join(bin, p.Dir, p.Name) }

// All lists the programs in the order in which they are built.
func All(root string) ([]Program, error) {
	commands, err := commands(root)
	return slices.Concat(ControlPlane(), Beside(), commands), err
}

// ControlPlane lists etcd, the Kubernetes control plane and kubectl.
func ControlPlane() []Program {
	const module = "hack/tools/controlplane"
	pinned := func(name, pkg string) Program {
		return Program{
			Name: name, Dir: ControlPlaneDir, Module: module, Package: pkg,
			Flags:  []string{"-ldflags", kubernetesLDFlags()},
			Inputs: []string{module + "/go.mod", module + "/go.sum"},
		}
	}
	return []Program{
		pinned("etcd", "go.etcd.io/etcd/server/v3"),
		pinned("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
		pinned("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
		pinned("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
		pinned("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
	}
}

// commands lists the programs of the operator itself: one for each folder of cmd.
func commands(root string) ([]Program, error) {
	entries, err := os.ReadDir(filepath.Join(root, "cmd"))
	if err != nil {
		return nil, fmt.Errorf("looking for the operator's programs: %w", err)
	}
	var found []Program
	for _, entry := range entries {
		found = append(found, Program{
			Name: entry.Name(), Module: ".", Package: "./cmd/" + entry.Name(),
			Inputs: []string{"api", "cmd", "controllers", "go.mod", "go.sum"},
		})
	}
	return found, nil
}

// Beside lists what this repository has for the local cloud only: what runs beside the control plane and in pods.
func Beside() []Program {
	local := func(folders ...string) []string {
		inputs := []string{"hack/local/go.mod", "hack/local/go.sum"}
		for _, folder := range folders {
			inputs = append(inputs, "hack/local/"+folder)
		}
		return inputs
	}
	return []Program{
		{
			Name: "local-aurora", Module: "hack/aurora/dolt", Package: "./cmd/local-aurora",
			// Without the tag its collations need the ICU library of the machine.
			Flags:  []string{"-tags", "gms_pure_go"},
			Inputs: []string{"hack/aurora", "go.mod", "go.sum"},
		},
		{
			Name: "process-kubelet", Module: "hack/local", Package: "./process-kubelet",
			Inputs: local("kubelet", "pki", "processes", "process-kubelet"),
		},
		{Name: "game-api", Module: "hack/local", Package: "./game-api", Inputs: local("game-api")},
		{Name: "writer", Module: "hack/local", Package: "./writer", Inputs: local("writer")},
	}
}

// Kwok is a kubelet that runs nothing: its pods are ready at once, and gone at once. Only the bench has a use for it, so it is
// built when that asks for it.
func Kwok() Program {
	const module = "hack/tools/kwok"
	return Program{
		Name: "kwok", Module: module, Package: "sigs.k8s.io/kwok/cmd/kwok", Flags: []string{"-ldflags", "-s -w"},
		Inputs: []string{module + "/go.mod", module + "/go.sum"},
	}
}

// Named picks programs by their names, and fails on a name that none of them has.
func Named(root string, names ...string) ([]Program, error) {
	all, err := All(root)
	if err != nil {
		return nil, err
	}
	var picked []Program
	for _, name := range names {
		i := slices.IndexFunc(all, func(p Program) bool { return p.Name == name })
		if i < 0 {
			var known []string
			for _, p := range all {
				known = append(known, p.Name)
			}
			return nil, fmt.Errorf("there is no program %q: choose from %s", name, strings.Join(known, ", "))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// kubernetesLDFlags are the linker flags of the control plane. They are part of no compile step, so that they never
// make the Go build cache miss.
func kubernetesLDFlags() string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(kubernetesVersion, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	flags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/component-base", "k8s.io/client-go/pkg"} {
		for _, value := range []string{
			"gitVersion=" + kubernetesVersion, "gitMajor=" + major, "gitMinor=" + minor,
			"gitTreeState=archive", "gitCommit=unknown", "buildDate=1970-01-01T00:00:00Z",
		} {
			flags = append(flags, "-X", pkg+"/version."+value)
		}
	}
	return strings.Join(flags, " ")
}
