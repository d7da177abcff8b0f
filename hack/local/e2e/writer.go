package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// rounds is how often the writers' database goes back and forward again.
const rounds = 2

// enough is how many rows must have been written between two moments for them to differ.
const enough = 100

// writing is the scene of the writers: their database, and the book of what it acknowledged.
type writing struct {
	*test
	database *stage.Database
	book     *book
	// lost are the rows that a rewind took out of the history for good: written after going back, undone by going
	// forward.
	lost map[string]bool
}

// quiet is what is known of a rewind in which the writers were paused.
type quiet struct {
	object *v1alpha1.AuroraBacktrack
	// asked is when RDS accepted the backtrack.
	asked time.Time
	// from is after the moment at which the pods were said to be gone; to is before their resume.
	from, to time.Time
}

func (t *test) writerScene(ctx context.Context) error {
	where, err := t.rds.CreateCluster(ctx, "writes")
	if err != nil {
		return err
	}
	w := writing{test: t, lost: map[string]bool{}}
	if w.database, err = stage.OpenDatabase(ctx, where); err != nil {
		return err
	}
	defer w.database.Close()
	if err := w.database.Run(ctx, "CREATE TABLE writes (id VARCHAR(100) PRIMARY KEY)"); err != nil {
		return err
	}
	if w.book, err = openBook(); err != nil {
		return err
	}
	defer w.book.close()
	if err := t.kube.Apply(ctx, fmt.Sprintf(writers, where.Host, where.Port, where.Database, where.User, where.Password, w.book.url)); err != nil {
		return err
	}
	t.Tell("three writers insert as fast as they can, and go on for a second after SIGTERM")
	for round := range rounds {
		if err := w.backAndForward(ctx, round+1); err != nil {
			return err
		}
	}
	return nil
}

// recordPrecision is the precision of BacktrackTo in RDS's records.
const recordPrecision = time.Second

// backAndForward rewinds to a time before which and after which rows were written, looks, goes forward to where that
// rewind began, and looks again. The writers write whenever they are let.
func (w *writing) backAndForward(ctx context.Context, round int) error {
	if err := w.more(ctx, w.book, enough); err != nil {
		return err
	}
	target := time.Now().UTC().Truncate(time.Millisecond)
	// RDS's records have whole seconds in BacktrackTo: what was written in the second that follows may be there or not.
	if err := w.moreAfter(ctx, w.book, enough, target.Add(recordPrecision)); err != nil {
		return err
	}
	back, err := w.rewind(ctx, fmt.Sprintf("back-%d", round), target)
	if err != nil {
		return err
	}
	reached := back.object.Status.Backtrack.BacktrackTo.Time()
	kept := w.book.where(func(r row) bool { return r.acknowledged.Before(target) && !w.lost[r.id] })
	undone := w.book.where(func(r row) bool {
		return r.sent.After(reached.Add(recordPrecision)) && r.sent.Before(back.asked) && !w.lost[r.id]
	})
	if err := w.hold(ctx, kept, undone); err != nil {
		return fmt.Errorf("after the rewind to %s: %w", clock(target), err)
	}
	w.Tell("✓ rewound to %s: all %d rows acknowledged before it are there, none of the %d written after it", clock(reached), len(kept), len(undone))

	if err := w.more(ctx, w.book, enough); err != nil {
		return err
	}
	from := back.object.Status.Backtrack.BacktrackedFrom.Time()
	forward, err := w.rewind(ctx, fmt.Sprintf("forward-%d", round), from)
	if err != nil {
		return err
	}
	kept = w.book.where(func(r row) bool { return r.acknowledged.Before(back.asked) && !w.lost[r.id] })
	undone = w.book.where(func(r row) bool { return r.sent.After(back.to) && r.sent.Before(forward.asked) })
	if err := w.hold(ctx, kept, undone); err != nil {
		return fmt.Errorf("after going forward to %s: %w", clock(from), err)
	}
	for _, r := range undone {
		w.lost[r.id] = true
	}
	w.Tell("✓ went forward to %s: all %d rows acknowledged before that rewind are there again, none of the %d written between", clock(from), len(kept), len(undone))
	return nil
}

// hold fails unless the database holds all of the rows kept and none of those undone.
func (w *writing) hold(ctx context.Context, kept, undone []row) error {
	found, err := w.database.Query(ctx, "SELECT id FROM writes")
	if err != nil {
		return err
	}
	rows := make(map[string]bool, len(found.Rows))
	for _, columns := range found.Rows {
		rows[columns[0]] = true
	}
	return errors.Join(present(rows, kept, false), present(rows, undone, true))
}

// rewind lets the operator rewind the writers' database, and fails if a row was acknowledged while they were paused.
func (w *writing) rewind(ctx context.Context, name string, to time.Time) (q quiet, err error) {
	begin := time.Now()
	rewind := stage.Rewind{Namespace: "writes", Name: name, Cluster: "writes", To: to}
	if err := w.kube.Apply(ctx, rewind.Manifest()); err != nil {
		return q, err
	}
	q.object, err = w.kube.Follow(ctx, stage.Patience, "writes", name, func(object *v1alpha1.AuroraBacktrack) error { return w.watch(ctx, object, &q) })
	if err != nil {
		return q, err
	}
	if !stage.Is(q.object, v1alpha1.ConditionSucceeded) {
		return q, fmt.Errorf("%s: %s", name, stage.Summary(q.object))
	}
	calls, err := w.rds.Backtracks(ctx, "writes", begin)
	if err != nil {
		return q, err
	}
	if len(calls) != 1 {
		return q, fmt.Errorf("%s: RDS accepted %d backtracks, want 1", name, len(calls))
	}
	q.asked = calls[0].Time
	return q, w.silent(name, q)
}

// watch notes when the pods were gone, and until when the writers certainly were not resumed.
func (w *writing) watch(ctx context.Context, object *v1alpha1.AuroraBacktrack, q *quiet) error {
	if !stage.Is(object, v1alpha1.ConditionDependentsPaused) {
		return nil
	}
	before := time.Now()
	var writers appsv1.Deployment
	if err := w.kube.API.Get(ctx, client.ObjectKey{Namespace: "writes", Name: "writer"}, &writers); err != nil {
		return err
	}
	if *writers.Spec.Replicas > 0 {
		return nil
	}
	if q.from.IsZero() {
		q.from = before
		var pods corev1.PodList
		if err := w.kube.API.List(ctx, &pods, client.InNamespace("writes")); err != nil {
			return err
		}
		if len(pods.Items) > 0 {
			return fmt.Errorf("DependentsPaused is True, and pod %s is there", pods.Items[0].Name)
		}
	}
	q.to = before
	return nil
}

// silent fails if a row was acknowledged between the end of the pods, or RDS's yes, whichever was seen first, and the
// resume.
func (w *writing) silent(name string, q quiet) error {
	if !q.to.After(q.from) {
		return fmt.Errorf("%s: the pause was over before it could be seen", name)
	}
	from := q.from
	if q.asked.Before(from) {
		from = q.asked
	}
	var last row
	for _, r := range w.book.all() {
		if r.acknowledged.After(from) && r.acknowledged.Before(q.to) {
			return fmt.Errorf("%s: row %s was acknowledged at %s, in the pause from %s to %s", name, r.id, clock(r.acknowledged), clock(from), clock(q.to))
		}
		if r.acknowledged.Before(from) && r.acknowledged.After(last.acknowledged) {
			last = r
		}
	}
	w.Tell("✓ %s: nothing was written for %s; the last row before was acknowledged %s before RDS was asked", name,
		q.to.Sub(from).Round(time.Millisecond), q.asked.Sub(last.acknowledged).Round(time.Millisecond))
	return nil
}

// writers is what a platform team and an application team would apply.
const writers = `
apiVersion: v1
kind: Namespace
metadata: {name: writes}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: writes}
spec:
  dbClusterIdentifier: writes
  allowedNamespaces: {names: [writes]}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: writer
  namespace: writes
  labels: {aurora-backtrack.io/cluster: writes}
  annotations: {aurora-backtrack.io/strategy: Pause}
spec:
  replicas: 3
  selector: {matchLabels: {app: writer}}
  template:
    metadata: {labels: {app: writer}}
    spec:
      terminationGracePeriodSeconds: 20
      containers:
      - name: writer
        image: writer
        command: [/writer, --linger=1s]
        env:
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: MYSQL_HOST, value: %q}
        - {name: MYSQL_PORT, value: "%d"}
        - {name: MYSQL_DATABASE, value: %q}
        - {name: MYSQL_USER, value: %q}
        - {name: MYSQL_PASSWORD, value: %q}
        - {name: REPORT_URL, value: %q}
`
