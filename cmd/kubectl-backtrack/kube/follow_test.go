package kube

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// flaky answers with errors first, one a request, and then with the object; its watches end at once.
type flaky struct {
	client.WithWatch
	object *v1alpha1.AuroraBacktrack
	errs   []error
}

func (f *flaky) next() error {
	if len(f.errs) == 0 {
		return nil
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	return err
}

func (f *flaky) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	f.object.DeepCopyInto(into.(*v1alpha1.AuroraBacktrack))
	return f.next()
}

func (f *flaky) Watch(context.Context, client.ObjectList, ...client.ListOption) (watch.Interface, error) {
	w := watch.NewEmptyWatch()
	return w, f.next()
}

// A rewind is followed through a restart of the API server, and no further than what is final.
func TestFollowWhileTheAPIServerDoesNotAnswer(t *testing.T) {
	resource := schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "aurorabacktracks"}
	refused := &netError{syscall.ECONNREFUSED}
	for name, test := range map[string]struct {
		errs []error
		want string // in the error; "" for none
	}{
		"it always answers":      {},
		"it restarts":            {errs: []error{refused, refused, apierrors.NewServiceUnavailable("starting")}},
		"its watch is refused":   {errs: []error{nil, apierrors.NewTooManyRequestsError("slow down"), nil, apierrors.NewInternalError(errors.New("etcd"))}},
		"the right is withdrawn": {errs: []error{nil, nil, apierrors.NewForbidden(resource, "x", errors.New("no"))}, want: "ask for the ClusterRoles"},
		"it is deleted":          {errs: []error{nil, nil, apierrors.NewNotFound(resource, "x")}, want: "was deleted before it ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "x", UID: "u"}}
			server := &flaky{object: b, errs: test.errs}
			seen := 0
			_, err := (&Client{server, "game"}).Follow(t.Context(), b, func(*v1alpha1.AuroraBacktrack) bool { seen++; return len(server.errs) == 0 && seen > 2 })
			switch {
			case test.want == "" && err != nil:
				t.Errorf("it stopped with %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("it stopped with %v, want %q", err, test.want)
			}
		})
	}
}

type netError struct{ error }

func (e *netError) Unwrap() error { return e.error }

// A version of the plugin that knows no kinds would follow nothing.
func TestSchemeKnowsOurKinds(t *testing.T) {
	if !NewConnection(genericiooptions.IOStreams{}, "test").Scheme.Recognizes(v1alpha1.GroupVersion.WithKind("AuroraBacktrack")) {
		t.Error("the scheme does not know AuroraBacktrack")
	}
}
