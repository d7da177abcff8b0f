package kubelet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestRewrite(t *testing.T) {
	r := newRewriter(&corev1.Container{VolumeMounts: []corev1.VolumeMount{
		{Name: "config", MountPath: "/etc/app"},
		{Name: "keys", MountPath: "/etc/app/keys/"},
		{Name: "data", MountPath: "/data", SubPath: "mine"},
		{Name: "root", MountPath: "/"},
	}}, "127.1.2.3", func(volume string) string { return "/pod/" + volume })
	for name, test := range map[string]struct{ text, want string }{
		"the mount itself":         {"/etc/app", "/pod/config"},
		"a file in it":             {"/etc/app/a.yaml", "/pod/config/a.yaml"},
		"the innermost mount":      {"/etc/app/keys/tls.crt", "/pod/keys/tls.crt"},
		"a sub path":               {"/data/x", "/pod/data/mine/x"},
		"the value of a flag":      {"--config=/etc/app/a.yaml", "--config=/pod/config/a.yaml"},
		"a list":                   {"/etc/app:/data", "/pod/config:/pod/data/mine"},
		"a URL":                    {"file:///etc/app/a", "file:///pod/config/a"},
		"another path":             {"/etc/apples", "/etc/apples"},
		"in the middle of another": {"/srv/etc/app", "/srv/etc/app"},
		"a path in a web address":  {"http://host/data/x", "http://host/data/x"},
		"all addresses":            {":8080", "127.1.2.3:8080"},
		"all IPv4 addresses":       {"--listen=0.0.0.0:8080", "--listen=127.1.2.3:8080"},
		"all IPv6 addresses":       {"-l=[::]:8080", "-l=127.1.2.3:8080"},
		"one address":              {"127.0.0.1:8080", "127.0.0.1:8080"},
		"no address":               {"image:8080x", "image:8080x"},
		"a port of a URL":          {"http://:8080", "http://:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.rewrite(test.text); got != test.want {
				t.Errorf("rewrite(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}
