package cloud_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// The tests share one cloud: a real control plane and the process kubelet. Each works in a namespace of its own.
var (
	shared *cloud.Cloud
	client kubernetes.Interface
	// root is the checkout.
	root string
)

// podProgram is the name under which the pods of the tests run this very test binary.
const podProgram = "testpod"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == podProgram {
		runPod(os.Args[1:])
		return
	}
	if len(os.Args) > 2 && os.Args[1] == upCommand {
		os.Exit(runUp(os.Args[2]))
	}
	flag.Parse()
	code, err := withCloud(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func withCloud(run func() int) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if root, err = cloud.FindRoot("."); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "local-cloud-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	programs := filepath.Join(dir, "programs")
	if err := os.Mkdir(programs, 0o750); err != nil {
		return 0, err
	}
	if err := os.Symlink(self, filepath.Join(programs, podProgram)); err != nil {
		return 0, err
	}
	shared, err = cloud.New(cloud.Options{
		Root: root, State: filepath.Join(dir, "state"), Out: os.Stderr, Programs: []string{programs},
		RestartBackoff: 200 * time.Millisecond, RestartBackoffMax: time.Second,
	})
	if err != nil {
		return 0, err
	}
	defer func() {
		if downErr := shared.Down(context.WithoutCancel(ctx)); err == nil {
			err = downErr
		}
	}()
	if err := shared.UpKubernetes(ctx); err != nil {
		return 0, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", shared.Kubeconfig())
	if err != nil {
		return 0, err
	}
	config.QPS, config.Burst = 500, 1000
	if client, err = kubernetes.NewForConfig(config); err != nil {
		return 0, err
	}
	return run(), nil
}
