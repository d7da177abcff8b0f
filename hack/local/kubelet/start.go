package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/hack/local/pki"
)

// tokenMount is where every container finds the token of its pod's service account.
const tokenMount = "/var/run/secrets/kubernetes.io/serviceaccount" //nolint:gosec // a path, not a credential

// surroundings are what a process of a container is given: what a container image and its runtime would be elsewhere.
type surroundings struct {
	env, programs []string
	dir           string
	rewrite       func(string) string
	values        map[string]string
	spawner       *spawner
}

// start starts a container, or notes why it cannot be started and when to try again.
func (w *worker) start(ctx context.Context, c *container, now time.Time) {
	given, err := w.surroundings(ctx, c)
	if err != nil {
		w.postpone(c, now, "CreateContainerConfigError", err)
		return
	}
	argv := append(append([]string{}, c.spec.Command...), c.spec.Args...)
	if len(c.spec.Command) == 0 {
		argv = append([]string{imageName(c.spec.Image)}, c.spec.Args...)
	}
	cmd, err := given.command(argv)
	if err != nil {
		w.postpone(c, now, "CreateContainerError", err)
		return
	}
	restarts := c.restarts
	if c.ended != nil {
		restarts++
	}
	log, err := openLog(w.logFile(c.spec.Name, restarts))
	if err != nil {
		w.postpone(c, now, "CreateContainerError", err)
		return
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	process, err := w.kubelet.spawner.start(cmd, func(exitCode int32) {
		w.inbox.put(func() { w.ended(c, exitCode) })
	})
	if err != nil {
		w.postpone(c, now, "RunContainerError", err)
		return
	}
	c.waiting = corev1.ContainerStateWaiting{}
	c.surroundings = given
	c.began(process, now)
	w.kubelet.event(w.pod, corev1.EventTypeNormal, "Started", "Started container "+c.spec.Name)
	w.wake(now)
}

// postpone notes why a container does not start. What a person has to put right is tried again every few seconds.
func (w *worker) postpone(c *container, now time.Time, reason string, err error) {
	w.tries++
	if w.tries == 5 {
		w.kubelet.event(w.pod, corev1.EventTypeWarning, "Failed", err.Error())
	}
	c.waiting = corev1.ContainerStateWaiting{Reason: reason, Message: err.Error()}
	c.startAt = now.Add(retryAfter(w.tries))
	w.wake(c.startAt)
}

// ended notes the end of a container's process.
func (w *worker) ended(c *container, exitCode int32) {
	now := time.Now()
	c.finished(exitCode, now)
	wait := c.startAt.Sub(now)
	if c.done() || wait <= 0 {
		return
	}
	c.waiting = corev1.ContainerStateWaiting{
		Reason: "CrashLoopBackOff",
		Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
			wait.Round(time.Millisecond), c.spec.Name, w.pod.Name, w.pod.Namespace, w.pod.UID),
	}
	w.kubelet.event(w.pod, corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container "+c.spec.Name)
}

// surroundings works out what the container's processes are given.
func (w *worker) surroundings(ctx context.Context, c *container) (surroundings, error) {
	asked, err := environment(ctx, w.pod, c.spec, w.place(), w.kubelet.objects)
	if err != nil {
		return surroundings{}, err
	}
	home := filepath.Join(w.volumes.dir, "containers", c.spec.Name)
	if err := os.MkdirAll(filepath.Join(home, "tmp"), 0o750); err != nil {
		return surroundings{}, err
	}
	values := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "HOSTNAME": w.pod.Name,
		"TMPDIR":                  filepath.Join(home, "tmp"),
		"KUBERNETES_SERVICE_HOST": w.kubelet.config.APIServer.Hostname(),
		"KUBERNETES_SERVICE_PORT": w.kubelet.config.APIServer.Port(),
	}
	if hasMount(c.spec, tokenMount) {
		// A client that finds no KUBECONFIG looks for the token at its usual place, which is not there on this machine.
		values["KUBECONFIG"] = filepath.Join(w.volumes.dir, "kubeconfig")
	}
	maps.Copy(values, asked)
	rewriter := newRewriter(c.spec, w.ip, w.volumes.volumeDir)
	given := surroundings{
		dir: home, programs: w.kubelet.config.Programs, rewrite: rewriter.rewrite, values: values, spawner: w.kubelet.spawner,
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		given.env = append(given.env, name+"="+rewriter.rewrite(values[name]))
	}
	return given, nil
}

// command makes the command that stands for a container's: the program that has the base name of the first word,
// wherever it says that lies in the image.
func (s surroundings) command(argv []string) (*exec.Cmd, error) {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = s.rewrite(expand(word, lookupIn(s.values)))
	}
	if len(words) == 0 {
		return nil, errors.New("there is no command")
	}
	program, err := findProgram(s.programs, path.Base(words[0]))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, words[1:]...) //nolint:gosec // to run what pods say is what a kubelet is for
	cmd.Env, cmd.Dir = s.env, s.dir
	return cmd, nil
}

// run runs a command beside the container's process, for a probe or a hook, and ends it with the context.
func (s surroundings) run(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd, err := s.command(argv)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	ended := make(chan int32, 1)
	process, err := s.spawner.start(cmd, func(exitCode int32) { ended <- exitCode })
	if err != nil {
		return err
	}
	select {
	case exitCode := <-ended:
		if exitCode != 0 {
			return fmt.Errorf("command %q ended with exit code %d", strings.Join(argv, " "), exitCode)
		}
		return nil
	case <-ctx.Done():
		process.kill()
		return fmt.Errorf("command %q: %w", strings.Join(argv, " "), context.Cause(ctx))
	}
}

// findProgram looks for a program in the folders in which pods' programs stand.
func findProgram(dirs []string, name string) (string, error) {
	for _, dir := range dirs {
		candidate := filepath.Join(dir, name)
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("there is no program %q in %s: the image is not looked at, a container runs the program that has"+
		" the name of its command", name, strings.Join(dirs, ", "))
}

// imageName is the last word of an image's name, which stands for the command of a container that has none.
func imageName(image string) string {
	name, _, _ := strings.Cut(path.Base(image), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

func hasMount(container *corev1.Container, mountPath string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == mountPath })
}

// writeKubeconfig writes what makes the pod's own service account known to the API server.
func (w *worker) writeKubeconfig() error {
	for i := range w.pod.Spec.Containers {
		for _, mount := range w.pod.Spec.Containers[i].VolumeMounts {
			if mount.MountPath != tokenMount {
				continue
			}
			kubeconfig := pki.Kubeconfig{
				Server: w.kubelet.config.APIServer.String(), CA: w.kubelet.config.ClusterCA, Namespace: w.pod.Namespace,
				TokenFile: filepath.Join(w.volumes.volumeDir(mount.Name), "token"),
			}
			return kubeconfig.Write(filepath.Join(w.volumes.dir, "kubeconfig"))
		}
	}
	return os.MkdirAll(w.volumes.dir, 0o750)
}
