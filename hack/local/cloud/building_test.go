package cloud

import (
	"strings"
	"testing"

	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// What can be shown first is built first, and everything is built before it is started.
func TestUpBuildsInTheOrderInWhichThingsCanBeShown(t *testing.T) {
	all, err := programs.All("../../..")
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Root: "../../..", State: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	steps := c.upSteps(&building{stale: all}, []string{etcd, apiServer, controllerManager, scheduler, kubelet, aurora})
	at := map[string]int{}
	for i, s := range steps {
		if _, twice := at[s.what]; twice {
			t.Errorf("%q is done twice", s.what)
		}
		at[s.what] = i
	}
	for _, order := range [][]string{
		{"preparing " + c.state, "building etcd", "starting etcd", "building kube-apiserver", "starting kube-apiserver", "building kubectl", "building process-kubelet"},
		{"building kube-scheduler", "starting kube-controller-manager, kube-scheduler, process-kubelet", "building local-aurora", "starting local-aurora", "building manager"},
		{"starting local-aurora", "building kubectl-backtrack"},
	} {
		for i := range order[1:] {
			before, there := at[order[i]]
			after, follows := at[order[i+1]]
			if !there || !follows || before > after {
				t.Errorf("%q (%t) is not done before %q (%t)", order[i], there, order[i+1], follows)
			}
		}
	}
	built := 0
	for what := range at {
		if strings.HasPrefix(what, "building ") {
			built++
		}
	}
	if built != len(all) {
		t.Errorf("%d programs are built, want %d", built, len(all))
	}
}

// A step that is under way says how far it is.
func TestStepsShowProgress(t *testing.T) {
	var out strings.Builder
	s := &speaker{out: &out}
	s.say("x: 1s%s", with(func() string { return "42 % of the build" }))
	s.say("y: 1s%s", with(nil))
	if want := "x: 1s, 42 % of the build\ny: 1s\n"; out.String() != want {
		t.Errorf("it says %q, want %q", out.String(), want)
	}
}

func TestControlPlaneThatDoesNotFit(t *testing.T) {
	var out strings.Builder
	for name, test := range map[string]struct {
		options Options
		fails   bool
	}{
		"named by the flag":        {Options{ControlPlane: t.TempDir()}, true},
		"named by the environment": {Options{Assets: t.TempDir()}, false},
	} {
		test.options.Root, test.options.Out, test.options.State = t.TempDir(), &out, t.TempDir()
		c, err := New(test.options)
		if err != nil {
			t.Fatal(err)
		}
		left, err := c.adopt(t.Context(), programs.ControlPlane())
		if (err != nil) != test.fails || !test.fails && len(left) != len(programs.ControlPlane()) {
			t.Errorf("%s: %d are left to be built, and the error is %v", name, len(left), err)
		}
	}
	if !strings.Contains(out.String(), "KUBEBUILDER_ASSETS is not used") {
		t.Errorf("it does not say that KUBEBUILDER_ASSETS is not used: %s", out.String())
	}
}
