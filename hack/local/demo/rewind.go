package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// rewind applies an AuroraBacktrack and follows it to its end: the conditions as they change, the application as it
// breaks, and the application as it is healthy again with new pods.
func (d *demo) rewind(ctx context.Context, name, clock string) error {
	old, err := d.kube.healthy(ctx, nil)
	if err != nil {
		return err
	}
	manifest := fmt.Sprintf(`apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraBacktrack
metadata: {name: %s, namespace: %s}
spec:
  clusterRef: {name: %s}
  backtrackTo: %q
`, name, namespace, cluster, d.times[clock].Format("2006-01-02T15:04:05.000Z"))
	d.Tell("kubectl apply -f -")
	d.Quote(manifest)
	if err := d.kube.Apply(ctx, manifest); err != nil {
		return err
	}
	d.rewinds++
	begin := time.Now()
	broken, err := d.follow(ctx, name, old, begin)
	if err != nil {
		return err
	}
	if !broken {
		return fmt.Errorf("game-api never lost its connection: the rewind should have closed it")
	}
	fresh, err := d.kube.healthy(ctx, old)
	if err != nil {
		return err
	}
	d.Tell("✓ game-api serves again, from new pods: %s", fresh)
	return nil
}

// follow prints what changes until the object has ended, and reports whether the application was seen broken.
func (d *demo) follow(ctx context.Context, name string, old pods, begin time.Time) (broken bool, err error) {
	seen := map[string]string{}
	var object v1alpha1.AuroraBacktrack
	err = stage.Until(ctx, name+" has finished", func() (bool, error) {
		if err := d.kube.API.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &object); err != nil {
			return false, err
		}
		for _, c := range object.Status.Conditions {
			d.condition(c, seen, begin)
		}
		if !broken && d.refuses(ctx, old) {
			broken = true
			d.Tell("%6.1fs  game-api is broken: its connection is dead, /readyz says 503", time.Since(begin).Seconds())
		}
		return object.Status.CompletedAt != "", nil
	})
	if err != nil {
		return broken, err
	}
	for _, c := range object.Status.Conditions {
		if c.Type == v1alpha1.ConditionSucceeded && c.Status != metav1.ConditionTrue {
			return broken, fmt.Errorf("%s did not succeed: %s: %s", name, c.Reason, c.Message)
		}
	}
	return broken, nil
}

// condition prints a condition when its status or reason is news. The two that mirror another one are left out.
func (d *demo) condition(c metav1.Condition, seen map[string]string, begin time.Time) {
	now := string(c.Status) + " " + c.Reason
	if c.Type == v1alpha1.ConditionReconciling || c.Reason == v1alpha1.ReasonWaiting || seen[c.Type] == now ||
		(c.Type == v1alpha1.ConditionSucceeded && c.Status == metav1.ConditionUnknown) {
		return
	}
	seen[c.Type] = now
	d.Tell("%6.1fs  %-22s %-8s %-14s %s", time.Since(begin).Seconds(), c.Type, c.Status, c.Reason, c.Message)
}

// refuses reports whether one of the pods has lost its connection.
func (d *demo) refuses(ctx context.Context, old pods) bool {
	for _, pod := range old {
		if d.kube.readyz(ctx, pod) == http.StatusServiceUnavailable {
			return true
		}
	}
	return false
}
