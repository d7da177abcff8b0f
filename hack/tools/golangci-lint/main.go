// Command golangci-lint is golangci-lint with the Kubernetes API linter compiled in: what `golangci-lint custom` makes,
// without cloning anything.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"
	_ "sigs.k8s.io/kube-api-linter" // registers the linter kubeapilinter
)

func main() {
	err := commands.Execute(commands.BuildInfo{
		GoVersion: runtime.Version(), Version: pinned(), Commit: "its module, with kubeapilinter", Date: "(unknown)",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "golangci-lint:", err)
		os.Exit(exitcodes.Failure)
	}
}

// pinned is the version of golangci-lint in go.mod.
func pinned() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/golangci/golangci-lint/v2" {
				return module.Version
			}
		}
	}
	return "unknown"
}
