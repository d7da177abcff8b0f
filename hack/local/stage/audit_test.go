package stage

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// auditLog is in the form of audit.k8s.io/v1, cut to what is read.
const auditLog = `
{"stage":"ResponseComplete","verb":"patch","requestURI":"/apis/apps/v1/namespaces/n/deployments/web","user":{"username":"u"},"objectRef":{"resource":"deployments","namespace":"n","name":"web","apiGroup":"apps"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05.000001Z","stageTimestamp":"2026-01-02T03:04:05.100000Z","annotations":{"authorization.k8s.io/decision":"allow"}}
{"stage":"ResponseComplete","verb":"create","user":{"username":"u"},"objectRef":{"resource":"pods","subresource":"eviction","namespace":"n","name":"p"},"responseStatus":{"code":403},"requestReceivedTimestamp":"2026-01-02T03:04:06.000000Z","stageTimestamp":"2026-01-02T03:04:06.000000Z","annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":"no"}}
{"stage":"ResponseStarted","verb":"watch","user":{"username":"u"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:07.000000Z","stageTimestamp":"2026-01-02T03:04:07.000000Z"}
{"stage":"ResponseComplete","verb":"watch","user":{"username":"u"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:07.000000Z","stageTimestamp":"2026-01-02T03:09:07.000000Z"}
{"stage":"ResponseComplete","verb":"watch","user":{"username":"u"},"objectRef":{"resource":"secrets"},"responseStatus":{"code":403},"requestReceivedTimestamp":"2026-01-02T03:04:08.000000Z","stageTimestamp":"2026-01-02T03:04:08.000000Z","annotations":{"authorization.k8s.io/decision":"forbid"}}
{"stage":"ResponseComplete","verb":"get","user":{"username":"other"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:09.000000Z","stageTimestamp":"2026-01-02T03:04:09.000000Z"}
{"stage":"ResponseComplete","verb":"get","user":{"username":"u"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:04.000000Z","stageTimestamp":"2026-01-02T03:04:04.000000Z"}
`

func TestAuditLogIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(file, []byte(auditLog[1:]), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []Request
	if err := readAudit(file, "u", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), &got); err != nil {
		t.Fatal(err)
	}
	want := []struct {
		text    string
		allowed bool
	}{
		{"patch apps/deployments n/web (200)", true},
		{"create /pods/eviction n/p (403)", false},
		{"watch /pods  (200)", true},
		{"watch /secrets  (403)", false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %d requests", got, len(want))
	}
	for i, w := range want {
		if got[i].String() != w.text || got[i].Allowed != w.allowed {
			t.Errorf("got %s, allowed: %t; want %s, %t", got[i], got[i].Allowed, w.text, w.allowed)
		}
	}
	if took := got[0].Answered.Sub(got[0].Received); took != 99999*time.Microsecond {
		t.Errorf("the first took %s", took)
	}
}
