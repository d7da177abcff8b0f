package cloud

import (
	"fmt"
	"os"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/pki"
)

// etcdPeer is the port at which etcd would meet its peers.
const etcdPeer = "etcd-peer"

// auditPolicy notes the requests of service accounts, as the operator's, and who created an AuroraBacktrack when. Those of
// kube-system are the controllers of Kubernetes itself: many, and nobody's question.
const auditPolicy = `{
  "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
  "rules": [
    {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
    {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
    {"level": "Metadata", "verbs": ["create"], "resources": [{"group": "aurora-backtrack.io", "resources": ["aurorabacktracks"]}]},
    {"level": "None"}
  ]
}
`

// prepare makes everything a cloud needs before its first start, and its config last.
func (c *Cloud) prepare() error {
	ports, err := pickPorts(etcd, etcdPeer, apiServer, controllerManager, scheduler, aurora)
	if err != nil {
		return err
	}
	c.config = config{
		Ports: ports, AuroraFlags: c.options.AuroraFlags, Programs: c.options.Programs,
		RestartBackoff:    orElse(c.options.RestartBackoff, time.Second),
		RestartBackoffMax: orElse(c.options.RestartBackoffMax, 10*time.Second),
	}
	// Only its owner may look in: there are keys in it.
	if err := os.MkdirAll(c.state, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(c.path(marker), nil, 0o600); err != nil {
		return err
	}
	for _, dir := range []string{"pki", "etcd", "pods", "logs", "tmp", "processes", "aurora"} {
		if err := os.MkdirAll(c.path(dir), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(c.path("audit-policy.json"), []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	if err := c.makeCertificates(); err != nil {
		return fmt.Errorf("making the certificates: %w", err)
	}
	return c.save()
}

// identities are the clients of the API server: the file that holds the certificate, the user and the groups.
var identities = []struct {
	name, user string
	groups     []string
}{
	{"admin", "local-admin", []string{"system:masters"}},
	{"controller-manager", "system:kube-controller-manager", nil},
	{"scheduler", "system:kube-scheduler", nil},
	{"kubelet", "system:node:" + NodeName, []string{"system:nodes"}},
}

func (c *Cloud) makeCertificates() error {
	authority, err := pki.NewAuthority("local-cloud")
	if err != nil {
		return err
	}
	if err := authority.Write(c.path("pki"), "ca"); err != nil {
		return err
	}
	server, err := authority.Server("kube-apiserver",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	if err != nil {
		return err
	}
	if err := server.Write(c.path("pki"), "apiserver"); err != nil {
		return err
	}
	for _, identity := range identities {
		pair, err := authority.Client(identity.user, identity.groups...)
		if err != nil {
			return err
		}
		file := c.pki(identity.name + ".kubeconfig")
		if identity.name == "admin" {
			file = c.Kubeconfig()
			if err := pair.Write(c.path("pki"), identity.name); err != nil {
				return err
			}
		}
		kubeconfig := pki.Kubeconfig{Server: c.APIServerURL(), CA: authority.Cert, User: pair}
		if err := kubeconfig.Write(file); err != nil {
			return err
		}
	}
	kubeletClient, err := authority.Client("kube-apiserver-kubelet-client")
	if err != nil {
		return err
	}
	if err := kubeletClient.Write(c.path("pki"), "kubelet-client"); err != nil {
		return err
	}
	return c.makeOtherKeys()
}

// makeOtherKeys makes what does not hang on the authority of the API server: etcd trusts nobody but its one client.
func (c *Cloud) makeOtherKeys() error {
	authority, err := pki.NewAuthority("local-cloud-etcd")
	if err != nil {
		return err
	}
	server, err := authority.Server("etcd")
	if err != nil {
		return err
	}
	client, err := authority.Client("kube-apiserver-etcd-client")
	if err != nil {
		return err
	}
	for name, pair := range map[string]pki.Pair{"etcd-ca": authority.Pair, "etcd": server, "etcd-client": client} {
		if err := pair.Write(c.path("pki"), name); err != nil {
			return err
		}
	}
	serviceAccounts, err := pki.NewKey()
	if err != nil {
		return err
	}
	return os.WriteFile(c.pki("service-accounts.key"), serviceAccounts, 0o600)
}

func orElse(value, otherwise time.Duration) time.Duration {
	if value == 0 {
		return otherwise
	}
	return value
}
