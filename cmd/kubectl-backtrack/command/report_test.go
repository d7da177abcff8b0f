package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

func TestReport(t *testing.T) {
	w := newWorld(t)
	b := w.object("back", w.recorded("bt-1", w.at(time.Minute), w.at(30*time.Minute)), ended(metav1.ConditionFalse, v1alpha1.ReasonRejected, "RDS: password=hunter2 \x1b[31m"))
	w.cluster(ledger(entry("bt-1", w.at(time.Minute), w.at(30*time.Minute), b)), func(c *v1alpha1.AuroraCluster) {
		c.Spec.RoleARN, c.Spec.ExternalID = "arn:aws:iam::123456789012:role/backtrack", "very-secret"
	})
	w.must(admin.Create(t.Context(), &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: "e"}, Type: corev1.EventTypeWarning, Reason: "Rejected", Message: "RDS refused", LastTimestamp: metav1.NewTime(w.now),
		InvolvedObject: corev1.ObjectReference{Kind: "AuroraBacktrack", Namespace: w.name, Name: "back", UID: b.UID},
	}))
	file := filepath.Join(t.TempDir(), "ticket.md")
	w.run("report", "back", "-f", file).want(exit.Succeeded, file+" written")
	content, err := os.ReadFile(file)
	w.must(err)
	text := string(content)
	for _, want := range []string{
		"# AuroraBacktrack " + w.name + "/back", "Rejected", "## Timeline of the cluster", "1 backtrack, 2 stretches", "kind: AuroraBacktrack", "kind: AuroraCluster",
		"id: bt-1", "RDS refused", "[redacted]", "arn:aws:iam::[account]:role/backtrack", `pods is forbidden`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, secret := range []string{"hunter2", "very-secret", "123456789012", "\x1b", "managedFields"} {
		if strings.Contains(text, secret) {
			t.Errorf("the report has %q", secret)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	w.run("report", "back", "-f", "-").want(exit.Succeeded, "# AuroraBacktrack")
	w.run("report", "back", "-f", filepath.Join(t.TempDir(), "no", "folder")).want(exit.NotAsked, "writing the report")
	w.run("report", "nope").want(exit.NotAsked, "there is no AuroraBacktrack")
}
