package cloud

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// client speaks to the API server and its clients as the administrator.
func (c *Cloud) client() (*http.Client, error) {
	authority, err := os.ReadFile(c.pki("ca.crt"))
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(c.pki("admin.crt"), c.pki("admin.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}},
			// A component that is being restarted must not be met through a connection to its predecessor.
			DisableKeepAlives: true,
		},
	}, nil
}

// get reads a URL, and decodes the JSON there into what into points to unless that is nil.
func (c *Cloud) get(ctx context.Context, url string, into any) error {
	return c.do(ctx, http.MethodGet, url, "", nil, into)
}

func (c *Cloud) do(ctx context.Context, method, url, contentType string, body []byte, into any) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, url, response.Status, strings.TrimSpace(string(content)))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	return nil
}

// Kubectl runs kubectl as the administrator and returns what it prints. stdin may be nil.
func (c *Cloud) Kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	return c.runClient(ctx, stdin, filepath.Join(c.bin, programs.ControlPlaneDir, "kubectl"), args)
}

// Plugin runs kubectl backtrack as the administrator and returns what it prints.
func (c *Cloud) Plugin(ctx context.Context, args ...string) (string, error) {
	return c.runClient(ctx, nil, filepath.Join(c.bin, "kubectl-backtrack"), args)
}

// runClient runs a program that reads a kubeconfig.
func (c *Cloud) runClient(ctx context.Context, stdin io.Reader, path string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, path, append([]string{"--kubeconfig=" + c.Kubeconfig()}, args...)...) //nolint:gosec // our own kubectl
	cmd.Stdin = stdin
	// Its own cache folder: the answers of another API server at the same port are no good here.
	cmd.Env = append(os.Environ(), "KUBECACHEDIR="+c.path("kubectl-cache"))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", filepath.Base(path), strings.Join(args, " "), err, problems.String())
	}
	return out.String(), nil
}
