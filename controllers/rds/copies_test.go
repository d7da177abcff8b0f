package rds

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestCopyIdentifier holds that an identifier is one that RDS accepts, and that the instance's is, too.
func TestCopyIdentifier(t *testing.T) {
	for uid, want := range map[string]string{
		"9F3A1f5e-2b6c-4d7e-8f90-a1b2c3d4e5f6": "aurora-backtrack-9f3a1f5e-2b6c-4d7e-8f90-a1b2c3d4e5f6",
		"--odd__uid--":                         "aurora-backtrack-odduid",
		strings.Repeat("a-", 40):               "aurora-backtrack-" + strings.TrimSuffix(strings.Repeat("a-", 20), "-"),
	} {
		if got := CopyIdentifier(uid); got != want || len(InstanceIdentifier(got)) > 63 {
			t.Errorf("%s gives %s, want %s", uid, got, want)
		}
	}
}

// TestCopies makes a clone with an instance and a snapshot, looks at them, and makes them once more.
func TestCopies(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, local.Options{Timing: local.Timing{Copying: time.Hour}})
	w.add("testcluster")
	if err := w.rds.AddInstance(local.Instance{Identifier: "one", ClusterIdentifier: "testcluster"}); err != nil {
		t.Fatal(err)
	}
	p, target := w.provider(), Target{Identifier: "testcluster"}
	tags := map[string]string{v1alpha1.CopyUIDTag: "u1", v1alpha1.CopyObjectTag: "game/" + strings.Repeat("o", 300)}
	for _, kind := range []v1alpha1.CopyType{v1alpha1.CopyClone, v1alpha1.CopySnapshot} {
		id := CopyIdentifier(string("of-" + kind))
		if _, err := p.DescribeCopy(ctx, target, kind, id); !IsCopyAbsent(err) {
			t.Errorf("%s: before it was made: %v", kind, err)
		}
		request := CopyRequest{Type: kind, Identifier: id, Tags: tags, Instance: InstanceIdentifier(id), InstanceClass: "db.t4g.medium"}
		if err := p.MakeCopy(ctx, target, request); err != nil {
			t.Fatal(err)
		}
		if err := p.MakeCopy(ctx, target, request); !IsCopyThere(err) {
			t.Errorf("%s: made again: %v", kind, err)
		}
		c, err := p.DescribeCopy(ctx, target, kind, id)
		if err != nil || c.Status != "creating" || c.Available() || c.Failed() || c.Tags[v1alpha1.CopyUIDTag] != "u1" || len(c.Tags[v1alpha1.CopyObjectTag]) != 256 || c.Shares != (kind == v1alpha1.CopyClone) {
			t.Errorf("%s: %+v, %v", kind, c, err)
		}
	}
}

// TestRefusedCopies has what RDS's words become: what passes, what does not, and what may have been accepted.
func TestRefusedCopies(t *testing.T) {
	for code, want := range map[string]struct {
		status           int
		refused, passing bool
	}{
		"DBClusterQuotaExceededFault": {400, true, false},
		"SnapshotQuotaExceeded":       {400, true, false},
		"InvalidDBClusterStateFault":  {400, true, true},
		"AccessDenied":                {403, true, false},
		"Throttling":                  {400, true, true},
		"InternalFailure":             {500, false, false},
	} {
		t.Run(code, func(t *testing.T) {
			w := answering(t, says(want.status, code, "so it is"))
			err := w.provider().MakeCopy(context.Background(), Target{Identifier: "testcluster"}, CopyRequest{Type: v1alpha1.CopySnapshot, Identifier: "copy"})
			var got *Error
			if !errors.As(err, &got) || got.Refused != want.refused || got.Passing != want.passing || !strings.Contains(got.Error(), "so it is") {
				t.Errorf("%#v", err)
			}
		})
	}
	w := answering(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusOK) })
	if _, err := w.provider().DescribeCopy(context.Background(), Target{Identifier: "testcluster"}, v1alpha1.CopySnapshot, "copy"); err == nil || IsCopyAbsent(err) {
		t.Errorf("an answer without content: %v", err)
	}
}
