package command

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// All other tests act as people who have the plugin's role and no more, so they show that it is enough; this one shows
// that it is not too much.
func TestRoleIsNotTooMuch(t *testing.T) {
	for name, test := range map[string]struct {
		verb, group, resource, subresource string
		allowed                            bool
	}{
		"ask for rewinds":            {verb: "create", group: v1alpha1.GroupVersion.Group, resource: "aurorabacktracks", allowed: true},
		"see clusters":               {verb: "list", group: v1alpha1.GroupVersion.Group, resource: "auroraclusters", allowed: true},
		"not write a status":         {verb: "patch", group: v1alpha1.GroupVersion.Group, resource: "aurorabacktracks", subresource: "status"},
		"not change clusters":        {verb: "patch", group: v1alpha1.GroupVersion.Group, resource: "auroraclusters"},
		"not approve":                {verb: "approve", group: v1alpha1.GroupVersion.Group, resource: "auroraclusters"},
		"not list secrets":           {verb: "list", resource: "secrets"},
		"not change workloads":       {verb: "patch", group: "apps", resource: "deployments"},
		"not delete all at once":     {verb: "deletecollection", group: v1alpha1.GroupVersion.Group, resource: "aurorabacktracks"},
		"not look into the operator": {verb: "get", resource: "pods", subresource: "log"},
	} {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: "default", Verb: test.verb, Group: test.group, Resource: test.resource, Subresource: test.subresource,
			}}}
			if err := as(t, alice).Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != test.allowed {
				t.Errorf("it is allowed: %t, want %t", review.Status.Allowed, test.allowed)
			}
		})
	}
}

func TestWithoutTheRight(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.object("waits", suspended)
	w.user = eve // may see AuroraBacktracks, and nothing else
	w.answer = "y\n"
	const remedy = "ask for the ClusterRoles aurora-backtrack-plugin and aurora-backtrack-cluster-viewer"
	w.run("clusters").want(exit.NotAsked, "listing AuroraClusters", remedy)
	w.run("timeline", w.name).want(exit.NotAsked, remedy)
	w.run("run", w.name, "--to", "-15m", "--yes").want(exit.NotAsked, "creating the AuroraBacktrack", remedy)
	w.run("start", "waits").want(exit.NotAsked, "changing AuroraBacktrack", remedy)
	w.run("cancel", "waits").want(exit.NotAsked, "changing AuroraBacktrack", remedy)
	w.run("status", "waits").want(exit.Succeeded, "waits")
}

// Who sees clusters only is still shown them.
func TestClustersWithoutSeeingBacktracks(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	const carl = "carl@example.com"
	w.must(addUser(carl))
	w.must(admin.Create(t.Context(), clusterBinding(carl, "aurora-backtrack-cluster-viewer")))
	w.user = carl
	w.run("clusters", w.name).want(exit.Succeeded, w.name, "WAITING is not known")
}

// A requester who may not see clusters can still ask.
func TestRunWithoutSeeingClusters(t *testing.T) {
	w := newWorld(t)
	w.cluster(asksForApproval(v1alpha1.ApprovalRequired))
	w.operates("the preflight would pass")
	const bob = "bob@example.com"
	w.must(addUser(bob))
	w.must(bind(w.Context(), w.name, bob, "aurora-backtrack-plugin"))
	w.user = bob
	w.run("run", w.name, "--to", "-15m", "--yes").want(exit.NeedsPerson, "waits for a person")
	if all := w.objects(); len(all) != 1 || !all[0].Spec.Suspend || all[0].Annotations[v1alpha1.RequestedByAnnotation] != bob {
		t.Errorf("the objects are %+v, want one of bob's that waits", all)
	}
	var list v1alpha1.AuroraClusterList
	if err := as(t, bob).List(t.Context(), &list); err == nil || client.IgnoreNotFound(err) == nil {
		t.Error("bob may see clusters, so this test shows nothing")
	}
}

func TestUnreachable(t *testing.T) {
	w := newWorld(t)
	w.user = "nobody" // has no kubeconfig
	w.run("clusters").want(exit.NotAsked, "error: ")
	w.user = alice
	w.run("clusters", "--server", "https://127.0.0.1:1").want(exit.NotAsked, "refused: check that the cluster is up")
	w.run("clusters", "--context", "nope").want(exit.NotAsked, `finding the API server: context "nope" does not exist`)
}
