package kubelet

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
)

// objects reads what pods refer to.
type objects interface {
	configMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
}

// place is where a pod runs: what the downward API can tell it beyond its own object.
type place struct {
	podIP, hostIP string
	capacity      corev1.ResourceList
}

// environment works out the variables of a container as a kubelet does: envFrom first, then env, each of which sees
// those before it as $(NAME).
func environment(ctx context.Context, pod *corev1.Pod, container *corev1.Container, at place, from objects) (map[string]string, error) {
	env := map[string]string{}
	for _, source := range container.EnvFrom {
		values, err := envFromSource(ctx, pod.Namespace, source, from)
		if err != nil {
			return nil, err
		}
		for name, value := range values {
			env[source.Prefix+name] = value
		}
	}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			env[variable.Name] = expand(variable.Value, lookupIn(env))
			continue
		}
		value, found, err := envValueFrom(ctx, pod, container, variable.ValueFrom, at, from)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		if found {
			env[variable.Name] = value
		}
	}
	return env, nil
}

func envFromSource(ctx context.Context, namespace string, source corev1.EnvFromSource, from objects) (map[string]string, error) {
	values := map[string]string{}
	switch {
	case source.ConfigMapRef != nil:
		object, err := from.configMap(ctx, namespace, source.ConfigMapRef.Name)
		if isMissing(err, source.ConfigMapRef.Optional) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(values, object.Data)
	case source.SecretRef != nil:
		object, err := from.secret(ctx, namespace, source.SecretRef.Name)
		if isMissing(err, source.SecretRef.Optional) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for name, value := range object.Data {
			values[name] = string(value)
		}
	}
	return values, nil
}

func envValueFrom(ctx context.Context, pod *corev1.Pod, container *corev1.Container, source *corev1.EnvVarSource,
	at place, from objects) (value string, found bool, err error) {
	switch {
	case source.FieldRef != nil:
		value, err = podField(pod, source.FieldRef.FieldPath, at)
		return value, true, err
	case source.ResourceFieldRef != nil:
		value, err = resourceField(pod, container, source.ResourceFieldRef, at)
		return value, true, err
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		object, err := from.configMap(ctx, pod.Namespace, ref.Name)
		if isMissing(err, ref.Optional) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		value, found = object.Data[ref.Key]
		return value, found, missingKey(found, ref.Optional, "config map", ref.Name, ref.Key)
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		object, err := from.secret(ctx, pod.Namespace, ref.Name)
		if isMissing(err, ref.Optional) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		content, found := object.Data[ref.Key]
		return string(content), found, missingKey(found, ref.Optional, "secret", ref.Name, ref.Key)
	}
	return "", false, fmt.Errorf("a source that this kubelet does not know")
}

func isMissing(err error, optional *bool) bool {
	return apierrors.IsNotFound(err) && optional != nil && *optional
}

func missingKey(found bool, optional *bool, kind, name, key string) error {
	if found || (optional != nil && *optional) {
		return nil
	}
	return fmt.Errorf("%s %s has no key %s", kind, name, key)
}

// podField reads a field for the downward API.
func podField(pod *corev1.Pod, path string, at place) (string, error) {
	if name, key, ok := strings.Cut(strings.TrimSuffix(path, "']"), "['"); ok {
		switch name {
		case "metadata.labels":
			return pod.Labels[key], nil
		case "metadata.annotations":
			return pod.Annotations[key], nil
		}
	}
	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return lines(pod.Labels), nil
	case "metadata.annotations":
		return lines(pod.Annotations), nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.podIP", "status.podIPs":
		return at.podIP, nil
	case "status.hostIP", "status.hostIPs":
		return at.hostIP, nil
	}
	return "", fmt.Errorf("field %q is none that a pod can ask for", path)
}

// lines writes labels or annotations as the downward API does: one key="value" a line, in order of the keys.
func lines(values map[string]string) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out = append(out, key+"="+strconv.Quote(values[key]))
	}
	return strings.Join(out, "\n")
}

// resourceField reads a request or a limit in units of its divisor, rounded up. A limit that is not set is what the
// node has.
func resourceField(pod *corev1.Pod, container *corev1.Container, ref *corev1.ResourceFieldSelector, at place) (string, error) {
	if ref.ContainerName != "" {
		for i := range pod.Spec.Containers {
			if pod.Spec.Containers[i].Name == ref.ContainerName {
				container = &pod.Spec.Containers[i]
			}
		}
	}
	kind, name, _ := strings.Cut(ref.Resource, ".")
	var quantity resource.Quantity
	var set bool
	switch kind {
	case "limits":
		if quantity, set = container.Resources.Limits[corev1.ResourceName(name)]; !set {
			quantity = at.capacity[corev1.ResourceName(name)]
		}
	case "requests":
		quantity = container.Resources.Requests[corev1.ResourceName(name)]
	default:
		return "", fmt.Errorf("resource %q is neither a limit nor a request", ref.Resource)
	}
	divisor := ref.Divisor
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}
	return strconv.FormatInt(int64(math.Ceil(quantity.AsApproximateFloat64()/divisor.AsApproximateFloat64())), 10), nil
}
