// Package workload knows the applications that depend on a database: it finds them, pauses and resumes
// them, restarts them and watches until they are up. It is the only package that knows workload kinds.
//
// Each kind is one file that holds all that is known of it; kinds.go lists them. The other files work on
// what the kinds say: find.go, pause.go, verify.go, resume.go, restart.go and ready.go are one operation
// each, and read.go is where workloads are read.
//
// Nothing is kept in memory between calls and everything is read live, so the package wants an uncached
// client: a rewind is rare, and an informer on every workload of a Kubernetes cluster would cost all day long.
package workload

import (
	"fmt"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// maxMessage is how many bytes a dependent's message can have; the CRD admits as many characters.
const maxMessage = 1024

// Workloads finds, pauses, resumes, restarts and watches dependents. All its methods are safe to repeat,
// and none keeps anything between calls.
type Workloads struct {
	// Client must read live, not from a cache. Its scheme needs the built-in kinds.
	Client client.Client
	// Clock gives the time of a restart to kinds that are restarted by a time (Argo Rollouts).
	Clock clock.PassiveClock
}

// nameOf writes a dependent as people name it.
func nameOf(dep *v1alpha1.DependentStatus) string {
	if IsHidden(dep) {
		return dep.Kind + " " + dep.Name + hiddenText
	}
	return fmt.Sprintf("%s %s/%s", dep.Kind, dep.Namespace, dep.Name)
}

// set gives the dependent a state and says why. What others wrote may be in the message, so it is cleaned and cut.
func set(dep *v1alpha1.DependentStatus, state v1alpha1.DependentState, message string) {
	dep.State, dep.Message = state, line.Clean(message, maxMessage)
}
