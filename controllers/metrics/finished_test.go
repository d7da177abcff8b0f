package metrics

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestStepDurations has how long each step took: from the one before, as far as they are done.
func TestStepDurations(t *testing.T) {
	done := func(step string, since time.Duration) func(*v1alpha1.AuroraBacktrack) {
		return reads(step, metav1.ConditionTrue, "Done", since)
	}
	for name, test := range map[string]struct {
		object v1alpha1.AuroraBacktrack
		want   string
	}{
		"nothing is done": {object("a"), "map[]"},
		"half of it": {
			object("a", done(v1alpha1.ConditionAdmitted, 50*time.Minute), done(v1alpha1.ConditionPreflightPassed, 50*time.Minute), reads(v1alpha1.ConditionDependentsPaused, metav1.ConditionFalse, "PauseTimedOut", 40*time.Minute)),
			"map[Admitted:10m0s PreflightPassed:0s]",
		},
		"all of it": {
			object("a", done(v1alpha1.ConditionAdmitted, 50*time.Minute), done(v1alpha1.ConditionPreflightPassed, 49*time.Minute), done(v1alpha1.ConditionDependentsPaused, 47*time.Minute),
				done(v1alpha1.ConditionBacktracked, 44*time.Minute), done(v1alpha1.ConditionClusterAvailable, 40*time.Minute), done(v1alpha1.ConditionDependentsReconnected, 35*time.Minute)),
			"map[Admitted:10m0s Backtracked:3m0s ClusterAvailable:4m0s DependentsPaused:2m0s DependentsReconnected:5m0s PreflightPassed:1m0s]",
		},
		"a clock that went back": {object("a", done(v1alpha1.ConditionAdmitted, 2*time.Hour)), "map[Admitted:0s]"},
	} {
		if got := fmt.Sprint(stepDurations(&test.object)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestCountEnd counts an end once, by its reason, and a foreign reason as Other.
func TestCountEnd(t *testing.T) {
	count := func(reason string) float64 {
		var m dto.Metric
		if err := finished.WithLabelValues(reason).Write(&m); err != nil {
			t.Fatal(err)
		}
		return m.GetCounter().GetValue()
	}
	expired, others := count(v1alpha1.ReasonExpired), count(other)
	for _, reason := range []string{v1alpha1.ReasonExpired, "x1", "x2"} {
		b := object("a", ends(reason, 0))
		CountEnd(&b)
	}
	b := object("a")
	CountEnd(&b)
	if got := count(v1alpha1.ReasonExpired) - expired; got != 1 {
		t.Errorf("Expired was counted %v times", got)
	}
	if got := count(other) - others; got != 2 {
		t.Errorf("Other was counted %v times", got)
	}
}

// TestEndReasons: every reason of the API with which an AuroraBacktrack ends without success has a label of its own.
func TestEndReasons(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "api", "v1alpha1", "conditions.go"), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || !strings.HasPrefix(group.Doc.Text(), "Reasons that end an AuroraBacktrack without success") {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			reason, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if event := strings.HasPrefix(constant.Comment.Text(), "an event"); event == endReasons[reason] {
				t.Errorf("%s is an event: %v, and has a label: %v", reason, event, endReasons[reason])
			}
		}
	}
	if found < 20 {
		t.Errorf("found only %d reasons in the API", found)
	}
}
