package main

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
)

func TestOptions(t *testing.T) {
	o := parse([]string{"--watch-namespaces=game, zoo,,", "--leader-elect", "--leader-election-namespace=system", "--settle-period=90s", "--poll-interval=1s", "--unobservable-timeout=2h", "--backtrack-timeout=8h", "--pprof-bind-address=127.0.0.1:0"})
	m := o.manager(scheme)
	if len(m.Cache.DefaultNamespaces) != 2 {
		t.Errorf("the namespaces are %v", m.Cache.DefaultNamespaces)
	}
	for _, name := range []string{"game", "zoo"} {
		if _, there := m.Cache.DefaultNamespaces[name]; !there {
			t.Errorf("namespace %s is not watched", name)
		}
	}
	if m.PprofBindAddress != "127.0.0.1:0" {
		t.Errorf("pprof listens on %q", m.PprofBindAddress)
	}
	if !m.LeaderElection || m.LeaderElectionNamespace != "system" || m.LeaderElectionID != "aurora-backtrack-manager" || !m.LeaderElectionReleaseOnCancel {
		t.Errorf("the leader election is %+v", m)
	}
	if o.settings.Settle != 90*time.Second || o.settings.Poll != time.Second || o.settings.Tolerance != time.Minute {
		t.Errorf("the settings are %+v", o.settings)
	}
	if o.settings.Unobservable != 2*time.Hour || o.settings.Backtracking != 8*time.Hour {
		t.Errorf("the bounds after the call are %+v", o.settings)
	}
	if m.Cache.DefaultTransform == nil {
		t.Error("the cache keeps whole objects")
	}
	o = parse(nil)
	if o.settings != backtrack.DefaultSettings() || o.settings.Unobservable != time.Hour || o.settings.Backtracking != 6*time.Hour {
		t.Errorf("without flags the settings are %+v", o.settings)
	}
	m = o.manager(scheme)
	if m.PprofBindAddress != "" || m.LeaderElection || m.Cache.DefaultNamespaces != nil || m.Metrics.FilterProvider == nil || !m.Metrics.SecureServing {
		t.Errorf("without flags it is %+v", m)
	}
}

// TestWatchNamespaces has a manager that looks after one namespace: objects in others stay as they are.
func TestWatchNamespaces(t *testing.T) {
	w := newWorld(t)
	other := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "other-"}}
	w.create(other)
	w.manager(func(o *options) { o.watchNamespaces = w.name })
	c := w.cluster()
	c.Spec.AllowedNamespaces.Names = append(c.Spec.AllowedNamespaces.Names, other.Name)
	w.create(c)
	unwatched := w.backtrack("unwatched", 2*time.Minute)
	unwatched.Namespace = other.Name
	w.create(unwatched)
	w.create(w.backtrack("undo", time.Minute))
	w.succeeds("undo")
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(unwatched), unwatched))
	if len(unwatched.Status.Conditions) > 0 || w.asked() != 1 {
		t.Errorf("the unwatched one reads %+v; RDS was asked %d times", unwatched.Status.Conditions, w.asked())
	}
}

// TestWrongCredentials has a manager whose AWS secret is wrong: what it is told is in the conditions, the
// secret is not, and it goes on once it is right.
func TestWrongCredentials(t *testing.T) {
	w := newWorld(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", wrongKey)
	stop := w.manager()
	w.create(w.cluster())
	w.create(w.backtrack("undo", time.Minute))
	w.until("the AuroraCluster says so", func(ctx context.Context) bool {
		c := w.cluster()
		w.must(w.Get(ctx, client.ObjectKeyFromObject(c), c))
		ready := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)
		const want = "DescribeDBClusters: SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method: " +
			"check the operator's AWS credentials, such as the role of its service account, and the AuroraCluster's spec.roleARN and spec.externalID (docs/aws.md)"
		return ready != nil && ready.Reason == v1alpha1.ReasonCredentialsInvalid && ready.Message == want
	})
	w.reads("undo", v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonClusterNotReady)
	stop()
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	w.manager()
	w.succeeds("undo")
}
