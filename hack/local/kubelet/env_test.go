package kubelet

import (
	"context"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// fixedObjects are config maps and secrets by name.
type fixedObjects struct {
	configMaps map[string]map[string]string
	secrets    map[string]map[string][]byte
}

func (f fixedObjects) configMap(_ context.Context, _, name string) (*corev1.ConfigMap, error) {
	data, found := f.configMaps[name]
	if !found {
		return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
	}
	return &corev1.ConfigMap{Data: data}, nil
}

func (f fixedObjects) secret(_ context.Context, _, name string) (*corev1.Secret, error) {
	data, found := f.secrets[name]
	if !found {
		return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
	}
	return &corev1.Secret{Data: data}, nil
}

func TestEnvironment(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "game", UID: "u", Labels: map[string]string{"app": "x", "a/b": "y"}},
		Spec:       corev1.PodSpec{NodeName: "local", ServiceAccountName: "sa"},
	}
	at := place{podIP: "127.1.1.1", hostIP: "127.1.0.1", capacity: corev1.ResourceList{"cpu": resource.MustParse("8")}}
	from := fixedObjects{
		configMaps: map[string]map[string]string{"cm": {"A": "1", "B": "2"}},
		secrets:    map[string]map[string][]byte{"s": {"B": []byte("3"), "C": []byte("4")}},
	}
	plain := func(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }
	field := func(path string) corev1.EnvVar {
		return corev1.EnvVar{Name: "V", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
	}
	quantity := func(resourceName, divisor string) corev1.EnvVar {
		ref := &corev1.ResourceFieldSelector{Resource: resourceName}
		if divisor != "" {
			ref.Divisor = resource.MustParse(divisor)
		}
		return corev1.EnvVar{Name: "V", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: ref}}
	}
	configMapRef := func(name string, optional bool) corev1.EnvFromSource {
		return corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}, Optional: &optional,
		}}
	}
	secretRef := func(name string) corev1.EnvFromSource {
		return corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
	}
	key := func(name, key string, optional *bool) corev1.EnvVar {
		return corev1.EnvVar{Name: "V", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: optional,
		}}}
	}
	for name, test := range map[string]struct {
		envFrom   []corev1.EnvFromSource
		env       []corev1.EnvVar
		want      map[string]string
		wantError string
	}{
		"later sources win":              {envFrom: []corev1.EnvFromSource{configMapRef("cm", false), secretRef("s")}, want: map[string]string{"A": "1", "B": "3", "C": "4"}},
		"prefix":                         {envFrom: []corev1.EnvFromSource{{Prefix: "P_", SecretRef: secretRef("s").SecretRef}}, want: map[string]string{"P_B": "3", "P_C": "4"}},
		"env wins over envFrom":          {envFrom: []corev1.EnvFromSource{secretRef("s")}, env: []corev1.EnvVar{plain("B", "own")}, want: map[string]string{"B": "own", "C": "4"}},
		"optional and missing":           {envFrom: []corev1.EnvFromSource{configMapRef("none", true)}, want: map[string]string{}},
		"missing":                        {envFrom: []corev1.EnvFromSource{configMapRef("none", false)}, wantError: `"none" not found`},
		"sees those before":              {env: []corev1.EnvVar{plain("X", "1"), plain("Y", "$(X)$(Z)"), plain("Z", "2")}, want: map[string]string{"X": "1", "Y": "1$(Z)", "Z": "2"}},
		"own address":                    {env: []corev1.EnvVar{field("status.podIP")}, want: map[string]string{"V": "127.1.1.1"}},
		"node's address":                 {env: []corev1.EnvVar{field("status.hostIP")}, want: map[string]string{"V": "127.1.0.1"}},
		"own name":                       {env: []corev1.EnvVar{field("metadata.name")}, want: map[string]string{"V": "web"}},
		"a label":                        {env: []corev1.EnvVar{field("metadata.labels['a/b']")}, want: map[string]string{"V": "y"}},
		"all labels":                     {env: []corev1.EnvVar{field("metadata.labels")}, want: map[string]string{"V": "a/b=\"y\"\napp=\"x\""}},
		"no field":                       {env: []corev1.EnvVar{field("spec.nothing")}, wantError: `"spec.nothing"`},
		"a limit in mebibytes":           {env: []corev1.EnvVar{quantity("limits.memory", "1Mi")}, want: map[string]string{"V": "230"}},
		"a request, rounded up":          {env: []corev1.EnvVar{quantity("requests.cpu", "")}, want: map[string]string{"V": "1"}},
		"no limit is all of the node":    {env: []corev1.EnvVar{quantity("limits.cpu", "")}, want: map[string]string{"V": "8"}},
		"a key of a secret":              {env: []corev1.EnvVar{key("s", "C", nil)}, want: map[string]string{"V": "4"}},
		"a key that is missing":          {env: []corev1.EnvVar{key("s", "D", nil)}, wantError: "secret s has no key D"},
		"a key that may be missing":      {env: []corev1.EnvVar{key("s", "D", ptr.To(true))}, want: map[string]string{}},
		"a key of what may be missing":   {env: []corev1.EnvVar{key("none", "D", ptr.To(true))}, want: map[string]string{}},
		"the variable is named in error": {env: []corev1.EnvVar{key("none", "D", nil)}, wantError: "variable V"},
	} {
		t.Run(name, func(t *testing.T) {
			container := &corev1.Container{EnvFrom: test.envFrom, Env: test.env, Resources: corev1.ResourceRequirements{
				Limits:   corev1.ResourceList{"memory": resource.MustParse("230Mi")},
				Requests: corev1.ResourceList{"cpu": resource.MustParse("20m")},
			}}
			got, err := environment(t.Context(), pod, container, at, from)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("got error %v, want one with %q", err, test.wantError)
				}
				return
			}
			if err != nil || !maps.Equal(got, test.want) {
				t.Errorf("got %v and error %v, want %v", got, err, test.want)
			}
		})
	}
}
