package backtrack

import (
	"context"
	"errors"
	"io"
	"net/url"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// What people, and the tools in their hands, do to the objects.

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// remove deletes the object; the finalizer may hold it.
func (w *world) remove(name string) {
	w.t.Helper()
	w.must(w.api.Delete(context.Background(), w.read(name)))
}

// force takes the object away, finalizer or not.
func (w *world) force(name string) {
	w.t.Helper()
	w.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Finalizers = nil })
	if w.read(name) != nil { // one that is being deleted goes with its finalizer
		w.remove(name)
	}
}

// console asks RDS for a backtrack past the operator; RDS may refuse.
func (w *world) console(identifier string, to time.Time) {
	w.t.Helper()
	response, err := w.rds.Client().PostForm("http://rds.local", url.Values{
		"Action": {"BacktrackDBCluster"}, "Version": {"2014-10-31"}, "DBClusterIdentifier": {identifier}, "BacktrackTo": {to.Format(time.RFC3339)},
	})
	if err == nil {
		err = response.Body.Close()
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
		w.t.Fatal(err)
	}
}

// wipe takes the status away, as a restore without status does.
func (w *world) wipe(name string) {
	w.t.Helper()
	b := w.read(name)
	b.Status = v1alpha1.AuroraBacktrackStatus{}
	w.must(w.api.Status().Update(context.Background(), b))
}

// except lets every Deployment's controller work but that of the named one.
func except(name string) func(*world) {
	return func(w *world) { rolloutIf(w, func(key fakeapi.Key) bool { return key.Name != name }) }
}

// conditionIs tells whether the object has the condition with the reason.
func conditionIs(b *v1alpha1.AuroraBacktrack, condition, reason string) bool {
	c := meta.FindStatusCondition(b.Status.Conditions, condition)
	return c != nil && c.Reason == reason
}
