package kubelet

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// countedTokens gives out token-1, token-2, …, each to be replaced after an hour of its lifetime's five quarters.
type countedTokens struct {
	given int
	now   *time.Time
}

func (c *countedTokens) token(_ context.Context, _ *corev1.Pod, audience string, lifetime time.Duration) (string, time.Time, error) {
	c.given++
	return fmt.Sprintf("token-%d%s", c.given, audience), c.now.Add(lifetime * 4 / 5), nil
}

// filesIn reads all files below a folder.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	folder := os.DirFS(dir)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestVolumesFollowTheirSources(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	from := fixedObjects{configMaps: map[string]map[string]string{"cm": {"a": "1", "b": "2"}}}
	hour := int64(3600)
	projected := []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: &hour}},
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "aws", ExpirationSeconds: &hour, Audience: "-sts"}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}},
		}}},
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "game"}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{
		{Name: "cm", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "cm"},
		}}},
		{Name: "picked", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "cm"}, Items: []corev1.KeyToPath{{Key: "a", Path: "deep/x"}},
		}}},
		{Name: "all", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: projected}}},
		{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
	}}}
	v := &volumes{dir: t.TempDir(), objects: from, tokens: &countedTokens{now: &now}, renewed: map[string]renewedToken{}}
	check := func(when string, want map[string]string) {
		t.Helper()
		if err := v.write(t.Context(), pod, place{}, now); err != nil {
			t.Fatal(err)
		}
		if got := filesIn(t, filepath.Join(v.dir, "volumes")); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", when, got, want)
		}
	}
	check("at first", map[string]string{
		"cm/a": "1", "cm/b": "2", "picked/deep/x": "1", "all/token": "token-1", "all/aws": "token-2-sts", "all/namespace": "game",
	})
	if err := os.WriteFile(filepath.Join(v.volumeDir("empty"), "own"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	from.configMaps["cm"] = map[string]string{"a": "3"}
	now = now.Add(47 * time.Minute)
	check("after a change", map[string]string{
		"cm/a": "3", "picked/deep/x": "3", "all/token": "token-1", "all/aws": "token-2-sts", "all/namespace": "game", "empty/own": "kept",
	})
	now = now.Add(2 * time.Minute)
	check("when the tokens are old", map[string]string{
		"cm/a": "3", "picked/deep/x": "3", "all/token": "token-3", "all/aws": "token-4-sts", "all/namespace": "game", "empty/own": "kept",
	})
}

func TestVolumesThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		source    corev1.VolumeSource
		wantError string
	}{
		"not there": {corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}}, `"s" not found`},
		"no place":  {corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}, "only"},
		"outside": {corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "../x", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}},
		}}}, "escapes"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &volumes{dir: t.TempDir(), objects: fixedObjects{}}
			pod := &corev1.Pod{Spec: corev1.PodSpec{Volumes: []corev1.Volume{{Name: "v", VolumeSource: test.source}}}}
			err := v.write(t.Context(), pod, place{}, time.Time{})
			if err == nil || !strings.Contains(err.Error(), test.wantError) || !strings.Contains(err.Error(), "volume v") {
				t.Errorf("got %v, want an error about volume v with %q", err, test.wantError)
			}
		})
	}
}
