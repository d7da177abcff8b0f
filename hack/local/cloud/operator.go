package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/processes"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// OperatorNamespace is where config/default puts the operator.
const OperatorNamespace = "aurora-backtrack-system"

// awsObjects is the name of the config map and the secret that the operator's Deployment reads its AWS_… variables
// from where they exist. Here they lead it to the local Aurora; config/default itself is applied as it is.
const awsObjects = "aurora-backtrack-aws-env"

// buildAnnotation is put on the operator's pods when its program has changed since it was installed: a rebuilt operator
// is rolled out as a new image would be.
const buildAnnotation = "aurora-backtrack.io/local-build"

// installOperator installs CRDs, RBAC and the operator as they are installed anywhere, and waits until it runs.
func (c *Cloud) installOperator(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	before, err := json.Marshal(c.awsEnvObjects())
	if err != nil {
		return err
	}
	const apply = "apply --server-side --force-conflicts --field-manager=local-cloud"
	if _, err := c.Kubectl(ctx, bytes.NewReader(before), append(strings.Fields(apply), "-f", "-")...); err != nil {
		return err
	}
	build, known := c.operatorBuild(), c.installedBuild()
	if known == "" {
		// The pods that are made now run this build.
		if err := c.noteBuild(build); err != nil {
			return err
		}
	}
	config := filepath.Join(c.options.Root, "config", "default")
	if _, err := c.Kubectl(ctx, nil, append(strings.Fields(apply), "-k", config)...); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, nil, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"); err != nil {
		return err
	}
	deployments, err := c.deployments(ctx)
	if err != nil {
		return err
	}
	if len(deployments) == 0 {
		return fmt.Errorf("%s has put no Deployment into %s", config, OperatorNamespace)
	}
	for _, deployment := range deployments {
		if known != "" && known != build {
			if err := c.replacePods(ctx, deployment.Metadata.Name, build); err != nil {
				return err
			}
		}
		if err := c.rolledOut(ctx, deployment.Metadata.Name); err != nil {
			return err
		}
	}
	if err := poll(ctx, patience, c.operatorLeads); err != nil {
		return fmt.Errorf("no pod of the operator leads: %w\n%s", err, c.podLogs(OperatorNamespace))
	}
	return c.noteBuild(build)
}

// awsEnvObjects are made before the operator, so that its first pod finds them.
func (c *Cloud) awsEnvObjects() map[string]any {
	plain, secret := map[string]string{}, map[string]string{}
	for _, v := range c.aws() {
		if strings.Contains(v.name, "ACCESS_KEY") {
			secret[v.name] = v.value
		} else {
			plain[v.name] = v.value
		}
	}
	named := map[string]string{"name": awsObjects, "namespace": OperatorNamespace}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{
		map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]string{"name": OperatorNamespace}},
		map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": plain},
		map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": named, "stringData": secret},
	}}
}

// deployment is what is looked at of one.
type deployment struct {
	Metadata struct {
		Name       string
		Generation int64
	}
	Spec   struct{ Replicas int }
	Status struct {
		ObservedGeneration                           int64
		Replicas, UpdatedReplicas, AvailableReplicas int
	}
}

func (d deployment) rolledOut() bool {
	return d.Status.ObservedGeneration >= d.Metadata.Generation && d.Status.UpdatedReplicas == d.Spec.Replicas &&
		d.Status.AvailableReplicas == d.Spec.Replicas && d.Status.Replicas == d.Spec.Replicas
}

func (c *Cloud) deploymentsURL() string {
	return c.APIServerURL() + "/apis/apps/v1/namespaces/" + OperatorNamespace + "/deployments"
}

func (c *Cloud) deployments(ctx context.Context) ([]deployment, error) {
	var list struct{ Items []deployment }
	err := c.get(ctx, c.deploymentsURL(), &list)
	return list.Items, err
}

// replacePods rolls a Deployment out again, so that its pods run this build.
func (c *Cloud) replacePods(ctx context.Context, name, build string) error {
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`, buildAnnotation, build)
	return c.do(ctx, "PATCH", c.deploymentsURL()+"/"+name, "application/merge-patch+json", []byte(patch), nil)
}

// rolledOut waits for a Deployment's rollout.
func (c *Cloud) rolledOut(ctx context.Context, name string) error {
	url := c.deploymentsURL() + "/" + name
	err := poll(ctx, patience, func(ctx context.Context) error {
		var now deployment
		if err := c.get(ctx, url, &now); err != nil {
			return err
		}
		if !now.rolledOut() {
			return fmt.Errorf("%d of %d pods are available", now.Status.AvailableReplicas, now.Spec.Replicas)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the operator does not run: %w\n%s", err, c.podLogs(OperatorNamespace))
	}
	return nil
}

// operatorLeads looks for a Lease that is held and renewed: a manager that is ready but may not lead does nothing.
func (c *Cloud) operatorLeads(ctx context.Context) error {
	var leases struct {
		Items []struct {
			Spec struct {
				HolderIdentity       string
				RenewTime            time.Time
				LeaseDurationSeconds int
			}
		}
	}
	url := c.APIServerURL() + "/apis/coordination.k8s.io/v1/namespaces/" + OperatorNamespace + "/leases"
	if err := c.get(ctx, url, &leases); err != nil {
		return err
	}
	for _, lease := range leases.Items {
		ends := lease.Spec.RenewTime.Add(time.Duration(lease.Spec.LeaseDurationSeconds) * time.Second)
		if lease.Spec.HolderIdentity != "" && time.Now().Before(ends) {
			return nil
		}
	}
	return fmt.Errorf("none of %d leases in %s is held", len(leases.Items), OperatorNamespace)
}

// changed is when a file was last written to.
func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// installedBuild is the build that was installed last; empty in a new cloud.
func (c *Cloud) installedBuild() string {
	build, err := os.ReadFile(c.path("operator-build"))
	if err != nil {
		return ""
	}
	return string(build)
}

func (c *Cloud) noteBuild(build string) error {
	return os.WriteFile(c.path("operator-build"), []byte(build), 0o600)
}

// operatorBuild tells one build of the operator, and what it is told about AWS, from another.
func (c *Cloud) operatorBuild() string {
	hash := sha256.New()
	fmt.Fprintln(hash, programs.Program{Name: "manager"}.Built(c.bin))
	fmt.Fprintln(hash, c.aws())
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// podLogs is the end of the log of the container in a namespace that was the last one to say something.
func (c *Cloud) podLogs(namespace string) string {
	files, err := filepath.Glob(filepath.Join(c.Logs(), "pods", namespace+"_*", "*.log"))
	if err != nil || len(files) == 0 {
		return "no container of it was ever started: see `kubectl get events -n " + namespace + "`"
	}
	newest := slices.MaxFunc(files, func(a, b string) int { return changed(a).Compare(changed(b)) })
	return fmt.Sprintf("the end of its log %s:\n%s", newest, processes.Tail(newest, 10))
}
