package command

import (
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
)

// Session is one call of the plugin: who calls, from which terminal, and which API server is meant.
type Session struct {
	*terminal.Terminal
	*kube.Connection
}

// New makes a session on the streams.
func New(streams genericiooptions.IOStreams, version string) *Session {
	return &Session{terminal.New(streams), kube.NewConnection(streams, version)}
}

// operatorNamespace is where config/default puts the operator.
const operatorNamespace = "aurora-backtrack-system"
