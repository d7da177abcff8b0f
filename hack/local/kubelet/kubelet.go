// Package kubelet is a node whose pods are processes on this machine. It does what a kubelet does as far as the
// Kubernetes API can tell: it starts and restarts containers, probes them, gives them their variables, volumes and
// service-account token, ends them politely and then by force, and reports all of it. What it has no part in is
// isolation: there are no images, no namespaces and no limits. A container runs the program that has the base name of
// its command, out of a folder of programs.
//
// Registration, lease and the server for `kubectl logs` and `kubectl exec` are virtual-kubelet's. Its pod controller is
// not used: it knows pods by name, so that a pod and its successor of the same name are one to it, and it lets a pod
// go from the API server when its grace period is over, whether or not the process has ended. Here a pod that is gone
// is a process that is gone.
package kubelet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/node"
	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/aurora-backtrack/operator/hack/local/pki"
	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// Config is what a kubelet needs to know.
type Config struct {
	// Client speaks to the API server as the node, which is at APIServer and has a certificate of ClusterCA.
	Client    kubernetes.Interface
	APIServer *url.URL
	ClusterCA []byte
	// Node is the node's name.
	Node string
	// State is the folder of the pods' volumes, Logs that of their logs, Programs those of their programs.
	State, Logs string
	Programs    []string
	// RestartBackoff and RestartBackoffMax are the first and the longest wait before a container is started again.
	RestartBackoff, RestartBackoffMax time.Duration
	Log                               *slog.Logger
}

// Kubelet is one node.
type Kubelet struct {
	config   Config
	log      *slog.Logger
	objects  apiObjects
	spawner  *spawner
	network  *network
	recorder record.EventRecorder

	mu      sync.Mutex
	workers map[types.UID]*worker
	running sync.WaitGroup
}

// Run is a node until the context ends. Its pods' processes end with it.
func Run(ctx context.Context, config Config) error {
	if err := os.RemoveAll(config.State); err != nil {
		return fmt.Errorf("clearing away what an earlier kubelet left: %w", err)
	}
	network, listener, err := claimNetwork()
	if err != nil {
		return err
	}
	defer listener.Close()
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: config.Client.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	k := &Kubelet{
		config: config, log: config.Log, objects: apiObjects{config.Client}, spawner: newSpawner(), network: network,
		recorder: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: config.Node}),
		workers:  map[types.UID]*worker{},
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(k.serve(listener)) }()
	go func() { cancel(k.register(ctx)) }()
	k.watchPods(ctx)
	k.running.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// register makes the Node known and renews its lease.
func (k *Kubelet) register(ctx context.Context) error {
	self, err := processes.Identify(os.Getpid())
	if err != nil {
		return err
	}
	controller, err := node.NewNodeController(unchanging{}, describeNode(k.config.Node, k.network.nodeIP(), self.String()), k.config.Client.CoreV1().Nodes(),
		node.WithNodeEnableLeaseV1(k.config.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease), 0))
	if err != nil {
		return err
	}
	return controller.Run(ctx)
}

// serve answers what the API server asks kubelets: logs and exec. Only the API server has the certificate for it.
func (k *Kubelet) serve(listener net.Listener) error {
	authority, err := pki.NewAuthority("process-kubelet")
	if err != nil {
		return err
	}
	pair, err := authority.Server(k.config.Node)
	if err != nil {
		return err
	}
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(k.config.ClusterCA)
	server := &http.Server{
		Handler: api.PodHandler(api.PodHandlerConfig{
			RunInContainer: k.exec, GetContainerLogs: k.containerLogs,
			StreamIdleTimeout: time.Hour, StreamCreationTimeout: 30 * time.Second,
			GetPods: k.pods, GetPodsFromKubernetes: k.pods,
		}, false),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
		},
	}
	return server.ServeTLS(listener, "", "")
}

// watchPods hands the pods of this node to their workers until the context ends.
func (k *Kubelet) watchPods(ctx context.Context) {
	watch := cache.NewListWatchFromClient(k.config.Client.CoreV1().RESTClient(), "pods", corev1.NamespaceAll,
		fields.OneTermEqualSelector("spec.nodeName", k.config.Node))
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: watch, ObjectType: &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(pod any) { k.seen(ctx, pod.(*corev1.Pod)) },
			UpdateFunc: func(_, pod any) { k.seen(ctx, pod.(*corev1.Pod)) },
			DeleteFunc: k.vanished,
		},
	})
	informer.RunWithContext(ctx)
}

// seen hands a pod to its worker, and begins one for a pod that is new.
func (k *Kubelet) seen(ctx context.Context, pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w, known := k.workers[pod.UID]; known {
		w.inbox.put(func() { w.pod = pod })
		return
	}
	over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	if over && pod.DeletionTimestamp == nil {
		return
	}
	ip, err := k.network.take()
	if err != nil {
		k.event(pod, corev1.EventTypeWarning, "FailedCreatePodSandBox", err.Error())
		return
	}
	w := newWorker(k, pod, ip)
	k.workers[pod.UID] = w
	k.running.Go(func() { w.run(ctx) })
}

func (k *Kubelet) vanished(object any) {
	if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if w, known := k.workers[pod.UID]; known {
		w.inbox.put(func() { w.pod, w.removed = pod, true })
	}
}

// forget drops a worker that has done its work, and old logs.
func (k *Kubelet) forget(w *worker) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.workers, w.uid)
	inUse := map[string]bool{}
	for _, other := range k.workers {
		inUse[other.logs] = true
	}
	if err := pruneLogs(k.config.Logs, inUse); err != nil {
		k.log.Warn("removing old logs", "error", err)
	}
}

// find returns the worker of the newest pod that has the name.
func (k *Kubelet) find(namespace, name string) *worker {
	k.mu.Lock()
	defer k.mu.Unlock()
	var newest *worker
	for _, w := range k.workers {
		if w.namespace == namespace && w.podName == name && (newest == nil || w.createdAt.After(newest.createdAt)) {
			newest = w
		}
	}
	return newest
}

// event tells people what happened to a pod.
func (k *Kubelet) event(pod *corev1.Pod, kind, reason, message string) {
	k.recorder.Event(pod, kind, reason, message)
}

// patchStatus writes a pod's status and leaves the conditions that others keep. It is for this very pod, not for one
// that has its name by now.
func (k *Kubelet) patchStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	patch, err := statusPatch(pod.UID, status)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = k.config.Client.CoreV1().Pods(pod.Namespace).
		Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

func statusPatch(uid types.UID, status corev1.PodStatus) ([]byte, error) {
	content, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(content, &fields); err != nil {
		return nil, err
	}
	// These two lists would be merged with what an earlier kubelet said.
	for _, list := range []string{"podIPs", "hostIPs"} {
		if entries, ok := fields[list].([]any); ok {
			fields[list] = append([]any{map[string]any{"$patch": "replace"}}, entries...)
		}
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{"uid": uid}, "status": fields})
}
