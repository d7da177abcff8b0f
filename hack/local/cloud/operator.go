package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
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

// buildAnnotation is put on the operator's pods. It changes with the program and with what it is told about AWS, so
// that a rebuilt operator is rolled out as a new image would be.
const buildAnnotation = "aurora-backtrack.io/local-build"

// installOperator installs CRDs, RBAC and the operator as they are installed anywhere, and waits until it runs.
func (c *Cloud) installOperator(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	before, err := json.Marshal(c.awsEnvObjects())
	if err != nil {
		return err
	}
	const apply = "apply --server-side --force-conflicts --field-manager=local-cloud"
	if _, err := c.Kubectl(ctx, bytes.NewReader(before), append(strings.Fields(apply), "-f", "-")...); err != nil {
		return err
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
		if err := c.rollOut(ctx, deployment.Metadata.Name); err != nil {
			return err
		}
	}
	return nil
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

// rollOut sees to it that the pods of a Deployment run this build, and waits for the rollout.
func (c *Cloud) rollOut(ctx context.Context, name string) error {
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`, buildAnnotation, c.operatorBuild())
	url := c.deploymentsURL() + "/" + name
	if err := c.do(ctx, "PATCH", url, "application/merge-patch+json", []byte(patch), nil); err != nil {
		return err
	}
	err := poll(ctx, 30*time.Second, func(ctx context.Context) error {
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

func (c *Cloud) operatorBuild() string {
	hash := sha256.New()
	fmt.Fprintln(hash, programs.Program{Name: "manager"}.Built(c.bin))
	fmt.Fprintln(hash, c.aws())
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// podLogs is the end of the newest log of every container in a namespace.
func (c *Cloud) podLogs(namespace string) string {
	files, err := filepath.Glob(filepath.Join(c.Logs(), "pods", namespace+"_*", "*.log"))
	if err != nil || len(files) == 0 {
		return "no container of it was ever started: see `kubectl get events -n " + namespace + "`"
	}
	text := &strings.Builder{}
	for _, file := range files[max(0, len(files)-3):] {
		fmt.Fprintf(text, "the end of %s:\n%s\n", file, processes.Tail(file, 15))
	}
	return text.String()
}
