package command

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

func TestClusters(t *testing.T) {
	w := newWorld(t)
	holder := w.object("holder", waitsFor(v1alpha1.ReasonBacktracking, "RDS is at it"))
	for name, position := range map[string]int32{"second": 2, "first": 1} {
		w.object(name, waitsFor(v1alpha1.ReasonQueued, "another holds it"), func(b *v1alpha1.AuroraBacktrack) { b.Status.QueuePosition = ptr.To(position) })
	}
	w.cluster(ledger(entry("bt-1", w.at(10*time.Minute), w.at(time.Hour), nil)), func(c *v1alpha1.AuroraCluster) {
		c.Status.EarliestBacktrackTime = w.at(90 * time.Minute)
		c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: w.name, Name: "holder", UID: holder.UID}
	})
	r := w.run("clusters", w.name, "-o", "wide").want(exit.Succeeded, "NAME", "AURORA CLUSTER", "aurora-game", "game.example.com", "available", "1h30m of 2h",
		string(w.at(90*time.Minute))+" (1h30m ago)", "to "+string(w.at(time.Hour))+", 10m ago", w.name+"/holder", w.name+"/first,"+w.name+"/second")
	if len(strings.Split(strings.TrimSpace(r.out), "\n")) != 2 {
		t.Errorf("the table is\n%s\nwant a head and one row", r.out)
	}
	w.run("clusters").want(exit.Succeeded, w.name).without("AURORA CLUSTER")
	w.run("clusters", w.name, "-o", "name").want(exit.Succeeded, "auroracluster.aurora-backtrack.io/"+w.name)
	w.run("clusters", w.name, "-o", "jsonpath={.items[0].status.backtrackWindow}").want(exit.Succeeded, "7200")
	w.run("clusters", "nope").want(exit.NotAsked, `there is no AuroraCluster "nope"`)
	w.run("clusters", "-o", "pdf").want(exit.NotAsked, "table and wide are known too")
}

func TestClustersThatAreNotReady(t *testing.T) {
	w := newWorld(t)
	w.cluster(func(c *v1alpha1.AuroraCluster) {
		c.Status = v1alpha1.AuroraClusterStatus{Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonAccessDenied, Message: "IAM refuses", LastTransitionTime: metav1.NewTime(w.now),
		}}}
	})
	w.run("clusters", w.name, "-o", "wide").want(exit.Succeeded, "AccessDenied", "IAM refuses")
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.run("status").want(exit.Succeeded, "No AuroraBacktracks in the namespace "+w.name)
	w.object("back", w.recorded("bt-1", w.at(time.Minute), w.at(30*time.Minute)), func(b *v1alpha1.AuroraBacktrack) {
		condition(b, v1alpha1.ConditionDependentsReconnected, metav1.ConditionFalse, v1alpha1.ReasonReconnectTimedOut, "api is not up")
		ended(metav1.ConditionFalse, v1alpha1.ReasonReconnectTimedOut, "the data is rewound, but api\x1b[2J is not up")(b)
		b.Status.Dependents = []v1alpha1.DependentStatus{{
			Kind: "Deployment", Namespace: w.name, Name: "api", Strategy: v1alpha1.StrategyRestart, State: v1alpha1.DependentFailed, Message: "0 of 2 pods are up", Replicas: ptr.To(int32(2)),
		}}
	})
	w.object("queued", waitsFor(v1alpha1.ReasonQueued, "another holds it"), func(b *v1alpha1.AuroraBacktrack) { b.Status.QueuePosition = ptr.To(int32(3)) })
	w.run("status", "back").want(exit.Succeeded, w.name+"/back", "ReconnectTimedOut: the data is rewound, but api [2J is not up", "✓ Admitted",
		"✗ DependentsReconnected", "Restart  Failed      Deployment "+w.name+"/api (2 replicas): 0 of 2 pods are up", "backtrack bt-1 is completed: from "+string(w.at(time.Minute)),
		"kubectl backtrack undo back -n "+w.name).without("\x1b")
	w.run("status", "queued").want(exit.Succeeded, "queue    number 3", "… Admitted")
	w.run("status").want(exit.Succeeded, "back", "ReconnectTimedOut", "queued", "Queued").without("NAMESPACE")
	w.run("status", "-A", "-o", "wide").want(exit.Succeeded, "NAMESPACE", "MESSAGE", "another holds it")
	w.run("status", "back", "-o", "jsonpath={.status.backtrack.id}").want(exit.Succeeded, "bt-1")
	w.run("status", "-o", "name").want(exit.Succeeded, "aurorabacktrack.aurora-backtrack.io/back")
	w.run("status", "nope").want(exit.NotAsked, "there is no AuroraBacktrack")
	w.run("status", "back", "--color=always").want(exit.Succeeded, "\x1b[31m")
}

func TestStatusInASCII(t *testing.T) {
	w := newWorld(t)
	w.env["LANG"] = "C"
	w.cluster()
	w.object("back", success)
	w.run("status", "back").want(exit.Succeeded, "+ Admitted").without("✓")
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	b := w.requested("back", alice, success)
	w.cluster(ledger(entry("bt-1", w.at(50*time.Minute), w.at(90*time.Minute), b), entry("bt-2", w.at(20*time.Minute), w.at(60*time.Minute), nil),
		v1alpha1.LedgerEntry{ClaimedAt: w.at(time.Minute), BacktrackTo: w.at(5 * time.Minute), Status: "claimed", RequestedBy: &v1alpha1.ObjectReference{Namespace: "x", Name: "late", UID: "u"}}))
	r := w.run("history", w.name, "-o", "wide").want(exit.Succeeded, "REQUESTED", "claimed", "x/late", "elsewhere", w.name+"/back", alice,
		"kubectl backtrack undo --cluster "+w.name+" --record bt-1")
	if strings.Index(r.out, "bt-2") > strings.Index(r.out, "bt-1") {
		t.Errorf("the newest is not first:\n%s", r.out)
	}
	w.run("history", w.name, "-o", "jsonpath={.status.backtracks[0].id}").want(exit.Succeeded, "bt-1")
	w.run("history", "nope").want(exit.NotAsked, "there is no AuroraCluster")
}

func TestHistoryOfNothing(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.run("history", w.name).want(exit.Succeeded, "was never rewound")
}

// happenings makes what Kubernetes knows: a rollout, a CronJob's run and a changed ConfigMap, all of them now.
func (w *world) happenings() {
	w.Helper()
	labels := map[string]string{"app": "api"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "c", Image: "none"}}}}
	w.must(admin.Create(w.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.name, Name: "api-1", Annotations: map[string]string{"deployment.kubernetes.io/revision": "7"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "api", UID: "d", Controller: ptr.To(true)}},
		},
		Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}))
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	w.must(admin.Create(w.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.name, Name: "migrate-1",
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: "migrate", UID: "c", Controller: ptr.To(true)}},
		},
		Spec: batchv1.JobSpec{Template: template},
	}))
	w.must(admin.Create(w.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: "settings"}, Data: map[string]string{"a": "b"}}))
	w.now = w.now.Add(time.Minute)
}

func TestTimeline(t *testing.T) {
	w := newWorld(t)
	b := w.requested("back", alice, success)
	w.cluster(ledger(entry("bt-1", w.at(50*time.Minute), w.at(90*time.Minute), b)))
	w.happenings()
	w.run("timeline", w.name, "--width", "130").want(exit.Succeeded, w.name+": 1 backtrack, 2 stretches", w.name+"/back, by "+alice, "--to ", "the database is here").without("\x1b", "◆")
	w.env["COLUMNS"] = "100"
	w.run("timeline", w.name, "--color=always").want(exit.Succeeded, "\x1b[")
	w.env["NO_COLOR"] = "1"
	w.run("timeline", w.name).want(exit.Succeeded).without("\x1b")
	w.run("timeline", w.name, "-o", "svg").want(exit.Succeeded, "<svg ", "<title id=", w.name+"/back")
	w.run("timeline", w.name, "-o", "json").want(exit.Succeeded, `"requester": "`+alice+`"`, `"goTo":`)
	w.run("timeline", w.name, "--with", "workloads", "--utc=false").want(exit.Succeeded, "Deployment "+w.name+"/api rolled out revision 7",
		"CronJob "+w.name+"/migrate ran (Job migrate-1)", "ConfigMap "+w.name+"/settings changed by", "note: you may not list Secrets")
	w.run("timeline", w.name, "--with", "stars").want(exit.NotAsked, "choose workloads")
	w.run("timeline", w.name, "-o", "pdf").want(exit.NotAsked, "choose text, svg or json")
	w.run("timeline", "nope").want(exit.NotAsked, "there is no AuroraCluster")
}

func TestMoments(t *testing.T) {
	w := newWorld(t)
	w.cluster(ledger(entry("bt-0", w.at(3*time.Hour), w.at(4*time.Hour), nil), entry("bt-1", w.at(50*time.Minute), w.at(90*time.Minute), nil)))
	w.run("moments", w.name).want(exit.Succeeded, "WHEN", "backtrack bt-1", "kubectl backtrack run "+w.name+" --to "+string(w.at(50*time.Minute))).without("bt-0")
	w.happenings()
	r := w.run("moments", w.name).want(exit.Succeeded, "rolled out revision 7", "CronJob "+w.name+"/migrate ran")
	if strings.Index(r.out, "rolled out") > strings.Index(r.out, "bt-1") {
		t.Errorf("the newest is not first:\n%s", r.out)
	}
	w.run("moments", w.name, "--most", "1").want(exit.Succeeded, "older ones are not shown").without("bt-1")
}

func TestMomentsOfNothing(t *testing.T) {
	w := newWorld(t)
	w.cluster(func(c *v1alpha1.AuroraCluster) {
		c.Status.EarliestBacktrackTime = v1alpha1.NewTimestamp(w.now.Add(time.Hour))
	})
	w.run("moments", w.name).want(exit.Succeeded, "Nothing is known to have happened")
}
