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
	w.run("report", "back", "-f", file).want(exitSucceeded, file+" written")
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
	w.run("report", "back", "-f", "-").want(exitSucceeded, "# AuroraBacktrack")
	w.run("report", "back", "-f", filepath.Join(t.TempDir(), "no", "folder")).want(exitNotAsked, "writing the report")
	w.run("report", "nope").want(exitNotAsked, "there is no AuroraBacktrack")
}

func TestRedact(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"an access key":         {"key AKIAIOSFODNN7EXAMPLE used", "key [access key] used"},
		"a secret":              {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted]"},
		"a password in JSON":    {`{"password": "a b c", "x": 1}`, `{"password": [redacted], "x": 1}`},
		"a header":              {"Authorization: Bearer abc.def", "Authorization: [redacted]"},
		"a signed URL":          {"?X-Amz-Signature=abc&x=1", "?X-Amz-Signature=[redacted]&x=1"},
		"a database address":    {"root:hunter2@tcp(db:3306)/game", "root:[redacted]@tcp(db:3306)/game"},
		"an account":            {"arn:aws:rds:eu-west-1:123456789012:cluster:game", "arn:aws:rds:eu-west-1:[account]:cluster:game"},
		"a token":               {"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2ln", "[token]"},
		"what is not secret":    {"backtrackTo: 2023-12-23T13:55:00Z by alice@example.com", "backtrackTo: 2023-12-23T13:55:00Z by alice@example.com"},
		"a field of the status": {"message: the secretary has no password", "message: the secretary has no password"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := redact(test.text); got != test.want {
				t.Errorf("it reads %q, want %q", got, test.want)
			}
		})
	}
}
