package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// right is one verb on one resource that a role grants, in the operator's namespace only or everywhere, and on one
// object only if it has a name.
type right struct{ role, namespace, verb, resource, name string }

func (r right) String() string {
	text := r.verb + " " + r.resource
	if r.name != "" {
		text += " " + r.name
	}
	return text + ", of " + r.role
}

// covers reports whether a request needed the right.
func (r right) covers(q stage.Request) bool {
	return r.verb == q.Verb && r.resource == q.Resource && (r.name == "" || r.name == q.Name) && (r.namespace == "" || r.namespace == q.Namespace)
}

// neverUsed are rights that no run of the scenes can use, each with its reason.
var neverUsed = map[string]string{
	"list aurora-backtrack.io/aurorabacktracks, of aurora-backtrack-manager": "an informer lists where the API server " +
		"does not stream lists (its feature WatchList); this one does, so it only watches",
}

// rightsScene holds what the operator asked of the API server during the whole run against what its roles grant: nothing
// that it asked for was refused, and everything that is granted was asked for.
func (t *test) rightsScene(ctx context.Context) error {
	requests, err := stage.Requests(t.cloud, stage.Operator, t.begin)
	if err != nil {
		return err
	}
	granted, err := t.granted(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, q := range requests {
		if !q.Allowed || q.Code == 401 || q.Code == 403 {
			problems = append(problems, fmt.Errorf("refused: %s %s", q, q.Why))
		}
	}
	used := 0
	for _, r := range granted {
		switch known := neverUsed[r.String()]; {
		case slices.ContainsFunc(requests, r.covers):
			used++
		case known != "":
			t.Tell("never used: %s: %s", r, known)
		default:
			problems = append(problems, fmt.Errorf("granted and never used: %s", r))
		}
	}
	t.Tell("%d requests of %s; %d of %d rights used", len(requests), stage.Operator, used, len(granted))
	if err := errors.Join(problems...); err != nil {
		return err
	}
	t.Tell("✓ nothing was refused, and nothing is granted that was not used")
	return nil
}

// granted is every right that a role shipped in config gives to the operator's service account.
func (t *test) granted(ctx context.Context) ([]right, error) {
	var everywhere rbacv1.ClusterRoleBindingList
	var somewhere rbacv1.RoleBindingList
	if err := errors.Join(t.kube.API.List(ctx, &everywhere), t.kube.API.List(ctx, &somewhere)); err != nil {
		return nil, err
	}
	var all []right
	for _, b := range everywhere.Items {
		if !slices.ContainsFunc(b.Subjects, isOperator) {
			continue
		}
		var role rbacv1.ClusterRole
		if err := t.kube.API.Get(ctx, client.ObjectKey{Name: b.RoleRef.Name}, &role); err != nil {
			return nil, err
		}
		all = append(all, rights(role.Name, "", role.Rules)...)
	}
	for _, b := range somewhere.Items {
		if !slices.ContainsFunc(b.Subjects, isOperator) {
			continue
		}
		if b.RoleRef.Kind != "Role" {
			return nil, fmt.Errorf("RoleBinding %s/%s: binds a %s, which this does not know how to read", b.Namespace, b.Name, b.RoleRef.Kind)
		}
		var role rbacv1.Role
		if err := t.kube.API.Get(ctx, client.ObjectKey{Namespace: b.Namespace, Name: b.RoleRef.Name}, &role); err != nil {
			return nil, err
		}
		all = append(all, rights(role.Name, b.Namespace, role.Rules)...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no role is bound to %s", stage.Operator)
	}
	return all, nil
}

func isOperator(s rbacv1.Subject) bool {
	return s.Kind == rbacv1.ServiceAccountKind && strings.HasSuffix(stage.Operator, ":"+s.Namespace+":"+s.Name) && s.Namespace == cloud.OperatorNamespace
}

// rights takes rules apart.
func rights(role, namespace string, rules []rbacv1.PolicyRule) []right {
	var all []right
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, right{role, namespace, verb, group + "/" + resource, name})
					}
				}
			}
		}
	}
	return all
}
