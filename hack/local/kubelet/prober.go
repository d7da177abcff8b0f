package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// handler is what a probe and a lifecycle hook have in common: something that is asked and answers or does not.
type handler struct {
	httpGet   *corev1.HTTPGetAction
	tcpSocket *corev1.TCPSocketAction
	exec      *corev1.ExecAction
	grpc      *corev1.GRPCAction
}

func probeHandler(p *corev1.Probe) handler {
	return handler{httpGet: p.HTTPGet, tcpSocket: p.TCPSocket, exec: p.Exec, grpc: p.GRPC}
}

// ask does what the handler says and returns nil if it went well. run runs a command in the container's surroundings.
func (h handler) ask(ctx context.Context, container *corev1.Container, podIP string, run func(context.Context, []string) error) error {
	switch {
	case h.httpGet != nil:
		return askHTTP(ctx, h.httpGet, container, podIP)
	case h.tcpSocket != nil:
		return askTCP(ctx, h.tcpSocket, container, podIP)
	case h.exec != nil:
		return run(ctx, h.exec.Command)
	case h.grpc != nil:
		return fmt.Errorf("gRPC probes are not done by the process kubelet: use httpGet, tcpSocket or exec")
	}
	return fmt.Errorf("the probe says nothing to ask")
}

// probeClient asks over TLS without looking at certificates, as kubelets do, and keeps no connection.
var probeClient = &http.Client{
	Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a probe asks whether, not who
		DisableKeepAlives: true,
	},
	// A redirect to elsewhere says nothing about this container: it counts as an answer.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func askHTTP(ctx context.Context, get *corev1.HTTPGetAction, container *corev1.Container, podIP string) error {
	port, err := portNumber(get.Port, container)
	if err != nil {
		return err
	}
	target, err := url.Parse(get.Path)
	if err != nil {
		return err
	}
	target.Scheme, target.Host = "http", net.JoinHostPort(orHost(get.Host, podIP), strconv.Itoa(port))
	if get.Scheme == corev1.URISchemeHTTPS {
		target.Scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "kube-probe")
	for _, header := range get.HTTPHeaders {
		request.Header.Add(header.Name, header.Value)
		if http.CanonicalHeaderKey(header.Name) == "Host" {
			request.Host = header.Value
		}
	}
	response, err := probeClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("HTTP probe failed with statuscode: %d: %s", response.StatusCode, body)
	}
	return nil
}

func askTCP(ctx context.Context, socket *corev1.TCPSocketAction, container *corev1.Container, podIP string) error {
	port, err := portNumber(socket.Port, container)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(orHost(socket.Host, podIP), strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return conn.Close()
}

// portNumber is the number of a port that may be given by its name in the container.
func portNumber(port intstr.IntOrString, container *corev1.Container) (int, error) {
	if port.Type == intstr.Int {
		return port.IntValue(), nil
	}
	for _, known := range container.Ports {
		if known.Name == port.StrVal {
			return int(known.ContainerPort), nil
		}
	}
	if number, err := strconv.Atoi(port.StrVal); err == nil {
		return number, nil
	}
	return 0, fmt.Errorf("container %s has no port named %q", container.Name, port.StrVal)
}

func orHost(host, podIP string) string {
	if host == "" {
		return podIP
	}
	return host
}
