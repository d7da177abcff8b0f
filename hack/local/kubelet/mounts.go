package kubelet

import (
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A process on this machine has neither a mount namespace nor a network namespace of its own. Where a container says
// /etc/config the process must say where that is, and where a container listens on all its addresses the process must
// listen on its pod's one. So both are rewritten in what the process is given: its arguments and its variables.
type rewriter struct {
	// dirs are the folders that stand for mount paths, the longest path first so that the innermost mount wins.
	dirs  []mounted
	podIP string
}

type mounted struct {
	expression *regexp.Regexp
	dir        string
}

// newRewriter knows the mounts of one container. volumeDir tells where a volume is.
func newRewriter(container *corev1.Container, podIP string, volumeDir func(volume string) string) rewriter {
	mounts := slices.Clone(container.VolumeMounts)
	slices.SortStableFunc(mounts, func(a, b corev1.VolumeMount) int { return len(b.MountPath) - len(a.MountPath) })
	r := rewriter{podIP: podIP}
	for _, mount := range mounts {
		mountPath := path.Clean(mount.MountPath)
		if mountPath == "/" {
			continue
		}
		r.dirs = append(r.dirs, mounted{
			// The path as a whole, or as the beginning of a longer one; it begins the text or follows what may stand
			// before a path in a flag, a list or a URL.
			expression: regexp.MustCompile(`(^|[=:,;@\s"'(]|file://)` + regexp.QuoteMeta(mountPath) + `($|[/:,;\s"')?])`),
			dir:        path.Join(volumeDir(mount.Name), mount.SubPath),
		})
	}
	return r
}

// rewrite returns the text with mount paths and listening addresses replaced.
func (r rewriter) rewrite(text string) string {
	for _, mount := range r.dirs {
		text = mount.expression.ReplaceAllString(text, "${1}"+strings.ReplaceAll(mount.dir, "$", "$$")+"${2}")
	}
	return everyAddress.ReplaceAllString(text, "${1}"+r.podIP+"${2}")
}

// everyAddress is a listening address without a host, or with one that means all: the whole text, or the value of a
// flag.
var everyAddress = regexp.MustCompile(`^((?:--?[\w.-]+=)?)(?:0\.0\.0\.0|\[::\])?(:\d{1,5})$`)
