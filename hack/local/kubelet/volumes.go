package kubelet

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// volumes are the folders of one pod.
type volumes struct {
	dir     string
	objects objects
	tokens  tokens
	// renewed are the tokens that were put into files, and when each is to be replaced.
	renewed map[string]renewedToken
}

type renewedToken struct {
	token string
	until time.Time
}

// tokens asks for tokens of service accounts.
type tokens interface {
	// token makes a token for the pod's service account and says when it should be replaced.
	token(ctx context.Context, pod *corev1.Pod, audience string, lifetime time.Duration) (token string, replace time.Time, err error)
}

// volumeDir is the folder of a volume.
func (v *volumes) volumeDir(name string) string { return filepath.Join(v.dir, "volumes", name) }

// write brings the folders of all volumes to what their sources say now. It can be called again and again: files that
// are as they should be are not touched, and each file changes as a whole.
func (v *volumes) write(ctx context.Context, pod *corev1.Pod, at place, now time.Time) error {
	for i := range pod.Spec.Volumes {
		volume := &pod.Spec.Volumes[i]
		files, err := v.content(ctx, pod, volume, at, now)
		if err != nil {
			return fmt.Errorf("volume %s: %w", volume.Name, err)
		}
		dir := v.volumeDir(volume.Name)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		if files == nil {
			continue
		}
		if err := syncDir(dir, files); err != nil {
			return fmt.Errorf("volume %s: %w", volume.Name, err)
		}
	}
	return nil
}

// content reads what is to stand in a volume; nil for a volume that belongs to the pod's processes.
func (v *volumes) content(ctx context.Context, pod *corev1.Pod, volume *corev1.Volume, at place, now time.Time) (map[string][]byte, error) {
	switch {
	case volume.EmptyDir != nil:
		return nil, nil
	case volume.ConfigMap != nil:
		source := volume.ConfigMap
		return v.configMapFiles(ctx, pod.Namespace, source.Name, source.Items, source.Optional)
	case volume.Secret != nil:
		source := volume.Secret
		return v.secretFiles(ctx, pod.Namespace, source.SecretName, source.Items, source.Optional)
	case volume.DownwardAPI != nil:
		return downwardFiles(pod, volume.DownwardAPI.Items, at)
	case volume.Projected != nil:
		files := map[string][]byte{}
		for _, source := range volume.Projected.Sources {
			part, err := v.projection(ctx, pod, source, at, now)
			if err != nil {
				return nil, err
			}
			for name, content := range part {
				files[name] = content
			}
		}
		return files, nil
	}
	return nil, fmt.Errorf("the process kubelet has config map, secret, emptyDir, downwardAPI and projected volumes only")
}

func (v *volumes) projection(ctx context.Context, pod *corev1.Pod, source corev1.VolumeProjection, at place, now time.Time) (map[string][]byte, error) {
	switch {
	case source.ConfigMap != nil:
		return v.configMapFiles(ctx, pod.Namespace, source.ConfigMap.Name, source.ConfigMap.Items, source.ConfigMap.Optional)
	case source.Secret != nil:
		return v.secretFiles(ctx, pod.Namespace, source.Secret.Name, source.Secret.Items, source.Secret.Optional)
	case source.DownwardAPI != nil:
		return downwardFiles(pod, source.DownwardAPI.Items, at)
	case source.ServiceAccountToken != nil:
		token, err := v.tokenFile(ctx, pod, source.ServiceAccountToken, now)
		return map[string][]byte{source.ServiceAccountToken.Path: token}, err
	}
	return nil, fmt.Errorf("a projection that the process kubelet does not know")
}

// tokenFile is the content of a token's file: a new token when the one that stands there is to be replaced.
func (v *volumes) tokenFile(ctx context.Context, pod *corev1.Pod, source *corev1.ServiceAccountTokenProjection, now time.Time) ([]byte, error) {
	const usual = time.Hour
	lifetime := usual
	if source.ExpirationSeconds != nil {
		lifetime = time.Duration(*source.ExpirationSeconds) * time.Second
	}
	key := source.Audience + " " + source.Path
	known, ok := v.renewed[key]
	if !ok || now.After(known.until) {
		token, replace, err := v.tokens.token(ctx, pod, source.Audience, lifetime)
		if err != nil {
			return nil, fmt.Errorf("asking for a token of service account %s: %w", pod.Spec.ServiceAccountName, err)
		}
		known = renewedToken{token: token, until: replace}
		v.renewed[key] = known
	}
	return []byte(known.token), nil
}

func (v *volumes) configMapFiles(ctx context.Context, namespace, name string, items []corev1.KeyToPath, optional *bool) (map[string][]byte, error) {
	object, err := v.objects.configMap(ctx, namespace, name)
	if isMissing(err, optional) {
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string][]byte{}
	for key, value := range object.Data {
		values[key] = []byte(value)
	}
	for key, value := range object.BinaryData {
		values[key] = value
	}
	return pick(values, items, optional, "config map "+name)
}

func (v *volumes) secretFiles(ctx context.Context, namespace, name string, items []corev1.KeyToPath, optional *bool) (map[string][]byte, error) {
	object, err := v.objects.secret(ctx, namespace, name)
	if isMissing(err, optional) {
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	return pick(object.Data, items, optional, "secret "+name)
}

// pick is all of the values, or those that the items name under the names the items give them.
func pick(values map[string][]byte, items []corev1.KeyToPath, optional *bool, whose string) (map[string][]byte, error) {
	if len(items) == 0 {
		return values, nil
	}
	files := map[string][]byte{}
	for _, item := range items {
		value, found := values[item.Key]
		if !found && (optional == nil || !*optional) {
			return nil, fmt.Errorf("%s has no key %s", whose, item.Key)
		}
		if found {
			files[item.Path] = value
		}
	}
	return files, nil
}

func downwardFiles(pod *corev1.Pod, items []corev1.DownwardAPIVolumeFile, at place) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, item := range items {
		var value string
		var err error
		switch {
		case item.FieldRef != nil:
			value, err = podField(pod, item.FieldRef.FieldPath, at)
		case item.ResourceFieldRef != nil:
			value, err = resourceField(pod, &corev1.Container{}, item.ResourceFieldRef, at)
		}
		if err != nil {
			return nil, err
		}
		files[item.Path] = []byte(value)
	}
	return files, nil
}

// syncDir makes the folder hold exactly the files. It never leaves the folder, whatever a pod has put into it.
func syncDir(dir string, files map[string][]byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for name, content := range files {
		if now, err := root.ReadFile(name); err == nil && bytes.Equal(now, content) {
			continue
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		unfinished := name + ".unfinished"
		if err := root.WriteFile(unfinished, content, 0o600); err != nil {
			return err
		}
		if err := root.Rename(unfinished, name); err != nil {
			return err
		}
	}
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if _, wanted := files[name]; err != nil || entry.IsDir() || wanted {
			return err
		}
		return root.Remove(name)
	})
}
