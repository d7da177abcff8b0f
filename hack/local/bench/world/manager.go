package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// memoryLimit is the Go runtime's, as config/manager/manager.yaml sets it.
const memoryLimit = "230MiB"

// Manager is the operator's process.
type Manager struct {
	daemon processes.Daemon
	pprof  string
}

// Start starts the manager with the flags that it is deployed with. One at a time: it takes part in the leader election.
func (w *World) Start(ctx context.Context) (*Manager, error) {
	kubeconfig, err := w.kubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	pprof, err := freeAddress()
	if err != nil {
		return nil, err
	}
	m := &Manager{pprof: pprof, daemon: w.cloud.Beside("manager", filepath.Join(w.cloud.Bin(), "manager"), []string{
		"--kubeconfig=" + kubeconfig, "--leader-elect", "--leader-election-namespace=" + cloud.OperatorNamespace,
		"--pprof-bind-address=" + pprof,
	}, []string{
		"GOMEMLIMIT=" + memoryLimit, "HOME=/nonexistent", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_RDS=" + w.rdsURL, "AWS_ENDPOINT_URL_STS=" + w.rdsURL, "AWS_REGION=" + cloud.Region,
		"AWS_ACCESS_KEY_ID=" + cloud.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + cloud.SecretAccessKey,
	})}
	_, err = m.daemon.Start(ctx, stopTimeout)
	return m, err
}

// stopTimeout is how long the manager may take to end by itself.
const stopTimeout = 20 * time.Second

// Stop ends the manager, which gives its Lease back.
func (m *Manager) Stop(ctx context.Context) error { return m.daemon.Stop(ctx, stopTimeout) }

// kubeconfig is that of the operator's service account.
func (w *World) kubeconfig(ctx context.Context) (string, error) {
	token, err := w.cloud.Kubectl(ctx, nil, "create", "token", "aurora-backtrack-manager", "--namespace="+cloud.OperatorNamespace, "--duration=12h")
	if err != nil {
		return "", err
	}
	config, err := clientcmd.LoadFromFile(w.cloud.Kubeconfig())
	if err != nil {
		return "", err
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: strings.TrimSpace(token)}
	}
	path := w.cloud.Kubeconfig() + "-manager"
	return path, clientcmd.WriteToFile(*config, path)
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// CPU is the processor time that the manager has used so far.
func (m *Manager) CPU() (time.Duration, error) {
	content, err := m.proc("stat")
	if err != nil {
		return 0, err
	}
	// proc(5): after the name in parentheses, utime and stime are the fields 14 and 15, in hundredths of a second.
	fields := strings.Fields(content[strings.LastIndexByte(content, ')')+1:])
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the manager's processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// Memory is the manager's resident memory in bytes: now, and at its highest. Anonymous is the part of it now that is not the
// program's own file, which the kernel can drop and read again.
type Memory struct{ Resident, Anonymous, Highest int64 }

// Memory reads it.
func (m *Manager) Memory() (now Memory, err error) {
	content, err := m.proc("status")
	if err != nil {
		return now, err
	}
	for name, value := range map[string]*int64{"VmRSS:": &now.Resident, "RssAnon:": &now.Anonymous, "VmHWM:": &now.Highest} {
		if *value, err = Kibibytes(content, name); err != nil {
			return now, err
		}
	}
	return now, nil
}

// Heap is what the manager holds on its heap, in bytes, right after its garbage was collected.
func (m *Manager) Heap(ctx context.Context) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.pprof+"/debug/pprof/heap?gc=1&debug=1", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reading the manager's heap: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if text, ok := strings.CutPrefix(line, "# HeapAlloc = "); ok {
			return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		}
	}
	return 0, errors.New("the manager's profile does not say how large its heap is")
}

func (m *Manager) proc(name string) (string, error) {
	id, ok := m.daemon.Identity()
	if !ok || !id.Alive() {
		return "", fmt.Errorf("the manager has ended; the end of its log:\n%s", processes.Tail(m.daemon.LogFile(), 15))
	}
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", id.PID, name))
	return string(content), err
}

// Kibibytes reads a line such as "VmRSS:  1234 kB" of a file of proc(5), as bytes.
func Kibibytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("there is no %s", name)
}
