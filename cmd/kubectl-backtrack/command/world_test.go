package command

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// world is one test's namespace, which is also the name of its AuroraCluster.
type world struct {
	*testing.T
	name string
	now  time.Time
	// answer is what a person types; with one there is a terminal.
	answer string
	stdin  io.Reader // instead of the answer
	user   string
	// ready holds the operator back from an object, where it is set.
	ready func(*v1alpha1.AuroraBacktrack) bool
	env   map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "game-"}}
	if err := admin.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return &world{T: t, name: namespace.Name, now: time.Now().UTC().Truncate(time.Second), user: alice, env: map[string]string{"LANG": "C.UTF-8"}}
}

// at is a time before the test's now, as a status has it.
func (w *world) at(ago time.Duration) v1alpha1.Timestamp {
	return v1alpha1.NewTimestamp(w.now.Add(-ago))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// cluster makes an AuroraCluster that is ready, with a window of two hours.
func (w *world) cluster(change ...func(*v1alpha1.AuroraCluster)) *v1alpha1.AuroraCluster {
	w.Helper()
	c := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: w.name}, Spec: v1alpha1.AuroraClusterSpec{
		DBClusterIdentifier: "aurora-game", AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{w.name}},
	}}
	c.Status = v1alpha1.AuroraClusterStatus{
		ClusterStatus: "available", BacktrackWindow: 7200, EarliestBacktrackTime: w.at(2 * time.Hour), ObservedAt: w.at(0), Endpoint: "game.example.com",
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: "RDS answers", LastTransitionTime: metav1.NewTime(w.now)}},
	}
	for _, f := range change {
		f(c)
	}
	status := c.Status
	w.must(admin.Create(w.Context(), c))
	c.Status = status
	w.must(operator.Status().Update(w.Context(), c))
	return c
}

// object makes an AuroraBacktrack in some state.
func (w *world) object(name string, state ...func(*v1alpha1.AuroraBacktrack)) *v1alpha1.AuroraBacktrack {
	w.Helper()
	b := &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name},
		Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: w.name}, BacktrackTo: w.at(30 * time.Minute)},
	}
	for _, f := range state {
		f(b)
	}
	status := b.Status
	w.must(admin.Create(w.Context(), b))
	b.Status = status
	if len(status.Conditions) > 0 {
		b.Status.ObservedGeneration = b.Generation
	}
	w.must(operator.Status().Update(w.Context(), b))
	return b
}

// result is what a command left.
type result struct {
	code        int
	out, errOut string
	*testing.T
}

// run runs the plugin.
func (w *world) run(args ...string) result {
	w.Helper()
	return w.runWith(w.Context(), args...)
}

func (w *world) runWith(ctx context.Context, args ...string) result {
	w.Helper()
	var out, errOut bytes.Buffer
	stdin := w.stdin
	if stdin == nil {
		stdin = strings.NewReader(w.answer)
	}
	s := New(genericiooptions.IOStreams{In: stdin, Out: &out, ErrOut: &errOut}, "test")
	s.Clock, s.Zone, s.Environ = fixedClock{w.now}, time.UTC, func(name string) string { return w.env[name] }
	s.Interactive = func(stream any) bool { return stream == s.In && (w.answer != "" || w.stdin != nil) }
	all := append([]string{"--kubeconfig", filepath.Join(kubeconfigs, w.user), "-n", w.name}, args...)
	if args[0] == "__complete" {
		all = append([]string{args[0], "--kubeconfig", filepath.Join(kubeconfigs, w.user), "-n", w.name}, args[1:]...)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	code := Execute(ctx, s, all)
	return result{code, out.String(), errOut.String(), w.T}
}

// fixedClock stands still.
type fixedClock struct{ now time.Time }

func (c fixedClock) Now() time.Time                  { return c.now }
func (c fixedClock) Since(t time.Time) time.Duration { return c.now.Sub(t) }

// want checks the exit code and that the outputs hold the texts.
func (r result) want(code int, texts ...string) result {
	r.Helper()
	if r.code != code {
		r.Errorf("the exit code is %d, want %d", r.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.errOut, text) {
			r.Errorf("the output lacks %q", text)
		}
	}
	if code != exit.Succeeded && strings.Count(strings.TrimSpace(r.errOut), "\nerror: ") > 0 {
		r.Errorf("there is more than one error")
	}
	if r.Failed() {
		r.Logf("output:\n%s\nerrors:\n%s", r.out, r.errOut)
	}
	return r
}

// without checks that the outputs do not hold the texts.
func (r result) without(texts ...string) result {
	r.Helper()
	for _, text := range texts {
		if strings.Contains(r.out+r.errOut, text) {
			r.Errorf("the output has %q:\n%s%s", text, r.out, r.errOut)
		}
	}
	return r
}
