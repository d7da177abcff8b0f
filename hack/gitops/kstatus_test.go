package gitops_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const root = "../.."

// TestKStatus: at every moment from its creation on an object reads as it is. What it should read follows from the world and
// from the spec, not from the conditions that kstatus reads.
func TestKStatus(t *testing.T) {
	read := map[string]map[status.Status]int{"AuroraBacktrack": {}, "AuroraCluster": {}}
	for _, v := range recorded(t) {
		result, err := status.Compute(v.object)
		if err != nil {
			t.Fatalf("%s: %v", v.run, err)
		}
		got := result.Status
		read[v.kind()][got]++
		for _, problem := range v.misread(got) {
			_, reason, message := v.condition(v.root())
			t.Errorf("%s: %s generation %d reads %s (%s: %s): %s", v.run, v.kind(), v.object.GetGeneration(), got, reason, message, problem)
		}
	}
	for kind, statuses := range read {
		for _, want := range []status.Status{status.InProgressStatus, status.FailedStatus, status.CurrentStatus, status.TerminatingStatus} {
			if statuses[want] == 0 {
				t.Errorf("no %s was ever %s: the runs do not show it", kind, want)
			}
		}
		t.Logf("%s: %v", kind, statuses)
	}
}

// misread lists what is not true of an object that reads so.
func (v version) misread(got status.Status) (problems []string) {
	claim := func(holds bool, problem string) {
		if !holds {
			problems = append(problems, problem)
		}
	}
	deleted := v.object.GetDeletionTimestamp() != nil
	claim(deleted == (got == status.TerminatingStatus), "only what is being deleted terminates, and it reads so")
	if deleted {
		return problems
	}
	claim(!v.stale() || got == status.InProgressStatus, "nobody has looked at this spec yet")
	switch {
	case got != status.CurrentStatus && got != status.FailedStatus:
		claim(v.kind() == "AuroraCluster" || v.stale() || !v.finished(), "it has finished")
	case v.kind() == "AuroraBacktrack":
		claim(v.finished(), "it has not finished")
		claim(len(v.pausedByIt) == 0, "it keeps "+strings.Join(v.pausedByIt, ", ")+" paused")
		claim(got != status.CurrentStatus || v.record == "completed", "RDS's record reads "+strconv.Quote(v.record))
	}
	if v.kind() == "AuroraCluster" && got == status.CurrentStatus {
		ready, _, _ := v.condition(v1alpha1.ConditionReady)
		claim(ready == "True", "it is not Ready")
	}
	return problems
}

// TestRunsAreComplete: the runs show every reason that the API knows for the root condition of either kind.
func TestRunsAreComplete(t *testing.T) {
	shown := map[string]bool{}
	for _, v := range recorded(t) {
		for _, c := range append(v1alpha1.StepConditions, v.root(), v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled) {
			_, reason, _ := v.condition(c)
			shown[reason] = true
		}
	}
	elsewhere := map[string]string{
		v1alpha1.ReasonCredentialsInvalid: "the local Aurora does not check credentials; it reads as AccessDenied does",
		v1alpha1.ReasonNotReached:         "",
	}
	for _, reason := range []string{ // the recorded runs make no copy, check nothing and undo nothing
		v1alpha1.ReasonCopying, v1alpha1.ReasonCopied, v1alpha1.ReasonSafetyCopyNotAllowed, v1alpha1.ReasonCopyFailed, v1alpha1.ReasonCopyTimedOut,
		v1alpha1.ReasonVerifying, v1alpha1.ReasonVerifyNotPossible, v1alpha1.ReasonVerificationFailed, v1alpha1.ReasonVerificationInconclusive,
		v1alpha1.ReasonUndoing, v1alpha1.ReasonUndoNeedsPause, v1alpha1.ReasonUndone, v1alpha1.ReasonUndoFailed, v1alpha1.ReasonUndoNotDue,
	} {
		elsewhere[reason] = "no run of it is recorded yet"
	}
	for _, reason := range reasons(t) {
		if _, left := elsewhere[reason]; !shown[reason] && !left {
			t.Errorf("no run shows the reason %s", reason)
		}
	}
}

// reasons are the values of the constants Reason… of the API that a condition can have: not those of events alone.
func reasons(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "api", "v1alpha1", "conditions.go"), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") || strings.HasPrefix(spec.Comment.Text(), "an event:") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
		return true
	})
	if len(values) < 50 {
		t.Fatalf("found only %d reasons in the API", len(values))
	}
	return values
}
