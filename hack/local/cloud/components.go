package cloud

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/processes"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// The components of the local cloud, in the order in which they are started.
const (
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "process-kubelet"
	aurora            = "local-aurora"
)

// NodeName is the name of the only node.
const NodeName = "local"

// serviceRange is where the API server takes the addresses of Services from. Nothing routes them here.
const serviceRange = "10.0.0.0/16"

// component is one program of the cloud that runs as long as the cloud is up.
type component struct {
	name    string
	program programs.Program
	args    []string
	// ready returns nil once the component does its work.
	ready func(context.Context) error
}

// components lists what runs, in the order in which it is started; they are stopped the other way round.
func (c *Cloud) components() []component {
	all := []component{c.etcd(), c.apiServer(), c.controllerManager(), c.scheduler(), c.kubelet(), c.aurora()}
	for _, program := range append(programs.ControlPlane(), programs.Beside()...) {
		for i := range all {
			if all[i].name == program.Name {
				all[i].program = program
			}
		}
	}
	return all
}

func (c *Cloud) component(name string) (component, error) {
	for _, component := range c.components() {
		if component.name == name {
			return component, nil
		}
	}
	return component{}, fmt.Errorf("the local cloud has no component %q", name)
}

func (c *Cloud) etcd() component {
	client := fmt.Sprintf("https://127.0.0.1:%d", c.config.Ports[etcd])
	peer := fmt.Sprintf("https://127.0.0.1:%d", c.config.Ports[etcdPeer])
	return component{
		name: etcd,
		args: []string{
			"--name=local", "--data-dir=" + c.path("etcd"),
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=local=" + peer,
			"--client-cert-auth", "--trusted-ca-file=" + c.pki("etcd-ca.crt"),
			"--cert-file=" + c.pki("etcd.crt"), "--key-file=" + c.pki("etcd.key"),
			"--peer-client-cert-auth", "--peer-trusted-ca-file=" + c.pki("etcd-ca.crt"),
			"--peer-cert-file=" + c.pki("etcd.crt"), "--peer-key-file=" + c.pki("etcd.key"),
			// What is lost when the machine stops is only a throw-away cloud: no waiting for the disk.
			"--unsafe-no-fsync", "--log-level=warn",
		},
		ready: func(ctx context.Context) error { return c.dial(ctx, c.config.Ports[etcd]) },
	}
}

func (c *Cloud) apiServer() component {
	return component{
		name: apiServer,
		args: []string{
			"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", port(c, apiServer),
			// It would publish its own address for Services, where the loopback address is not allowed.
			"--endpoint-reconciler-type=none",
			"--service-cluster-ip-range=" + serviceRange,
			fmt.Sprintf("--etcd-servers=https://127.0.0.1:%d", c.config.Ports[etcd]),
			"--etcd-cafile=" + c.pki("etcd-ca.crt"),
			"--etcd-certfile=" + c.pki("etcd-client.crt"), "--etcd-keyfile=" + c.pki("etcd-client.key"),
			"--tls-cert-file=" + c.pki("apiserver.crt"), "--tls-private-key-file=" + c.pki("apiserver.key"),
			"--client-ca-file=" + c.pki("ca.crt"), "--authorization-mode=Node,RBAC",
			// On top of the default ones, among them PodSecurity, ResourceQuota and ValidatingAdmissionPolicy.
			"--enable-admission-plugins=NodeRestriction",
			"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
			"--service-account-key-file=" + c.pki("service-accounts.key"),
			"--service-account-signing-key-file=" + c.pki("service-accounts.key"),
			"--kubelet-client-certificate=" + c.pki("kubelet-client.crt"),
			"--kubelet-client-key=" + c.pki("kubelet-client.key"),
			"--kubelet-preferred-address-types=InternalIP",
			"--audit-policy-file=" + c.path("audit-policy.json"), "--audit-log-path=" + c.AuditLog(),
			"--audit-log-maxsize=200", "--audit-log-maxbackup=1",
			"--profiling=false",
		},
		ready: c.apiServerReady,
	}
}

func (c *Cloud) controllerManager() component {
	return component{
		name: controllerManager,
		args: append(c.clientOf(controllerManager, "controller-manager"),
			"--service-account-private-key-file="+c.pki("service-accounts.key"), "--root-ca-file="+c.pki("ca.crt"),
			"--cluster-signing-cert-file="+c.pki("ca.crt"), "--cluster-signing-key-file="+c.pki("ca.key"),
			"--use-service-account-credentials", "--service-cluster-ip-range="+serviceRange,
			// Endpoints may not be loopback addresses, and all pods have such ones here.
			"--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller",
			// Nobody waits 15 s here to see an autoscaler act.
			"--horizontal-pod-autoscaler-sync-period=1s",
		),
		ready: func(ctx context.Context) error { return c.get(ctx, c.healthURL(controllerManager), nil) },
	}
}

func (c *Cloud) scheduler() component {
	return component{
		name:  scheduler,
		args:  c.clientOf(scheduler, "scheduler"),
		ready: func(ctx context.Context) error { return c.get(ctx, c.healthURL(scheduler), nil) },
	}
}

// clientOf are the flags that the two clients of the API server have in common.
func (c *Cloud) clientOf(name, certificate string) []string {
	kubeconfig := c.pki(certificate + ".kubeconfig")
	return []string{
		"--bind-address=127.0.0.1", port(c, name),
		"--tls-cert-file=" + c.pki("apiserver.crt"), "--tls-private-key-file=" + c.pki("apiserver.key"),
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig, "--client-ca-file=" + c.pki("ca.crt"),
		"--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000",
		"--profiling=false",
	}
}

func (c *Cloud) kubelet() component {
	return component{
		name: kubelet,
		args: []string{
			"--kubeconfig=" + c.pki("kubelet.kubeconfig"), "--node=" + NodeName,
			"--state=" + c.path("pods"), "--logs=" + filepath.Join(c.Logs(), "pods"),
			"--programs=" + strings.Join(append(slices.Clone(c.config.Programs), c.searchPath()), ":"),
			"--client-ca-file=" + c.pki("ca.crt"),
			"--restart-backoff=" + c.config.RestartBackoff.String(),
			"--restart-backoff-max=" + c.config.RestartBackoffMax.String(),
		},
		ready: c.nodeReady,
	}
}

func (c *Cloud) aurora() component {
	return component{
		name: aurora,
		args: append([]string{
			fmt.Sprintf("--listen=127.0.0.1:%d", c.config.Ports[aurora]), "--data-dir=" + c.path("aurora"),
		}, c.config.AuroraFlags...),
		ready: c.auroraReady,
	}
}

// daemon is the process of a component.
func (c *Cloud) daemon(component component) processes.Daemon {
	return processes.Daemon{
		Name: component.name, Path: component.program.Path(c.bin), Build: component.program.Built(c.bin), Args: component.args,
		// Nothing of the person's shell: no credentials, no proxies, no KUBECONFIG of another cluster.
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + c.state, "TMPDIR=" + c.path("tmp"),
			"AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + SecretAccessKey,
		},
		Records: c.path("processes"), Logs: c.Logs(),
	}
}

// Beside is a process that is no component and belongs to the cloud all the same: it is ended with it, and its log stands
// beside theirs. Nothing starts it again.
func (c *Cloud) Beside(name, path string, args, env []string) processes.Daemon {
	return processes.Daemon{Name: name, Path: path, Args: args, Env: env, Records: c.path("processes"), Logs: c.Logs()}
}

// grace is how long a component may take to end by itself.
const grace = 5 * time.Second

func (c *Cloud) pki(name string) string { return c.path("pki", name) }

func (c *Cloud) healthURL(name string) string {
	return fmt.Sprintf("https://127.0.0.1:%d/healthz", c.config.Ports[name])
}

func port(c *Cloud, name string) string {
	return fmt.Sprintf("--secure-port=%d", c.config.Ports[name])
}

// AuditLog is where the API server notes every request that a service account made: who, what, and the answer.
func (c *Cloud) AuditLog() string { return filepath.Join(c.Logs(), "audit.log") }
