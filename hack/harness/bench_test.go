package harness

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// BenchmarkRewind runs one rewind without dependents to its end, on each API server in memory that there is. The
// package comment of hack/fakeapi has the figures.
func BenchmarkRewind(b *testing.B) {
	for name, begin := range map[string]func(*Env){
		"fakeapi": nil,
		"controller-runtime, plain tracker": func(env *Env) {
			env.API = withIdentity(env, fakeClient().WithObjectTracker(
				clienttesting.NewObjectTracker(scheme, serializer.NewCodecFactory(scheme).UniversalDecoder())).Build())
		},
		"controller-runtime, managed fields": func(env *Env) { env.API = withIdentity(env, fakeClient().Build()) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				env := newOn(b, begin)
				env.Create(NewBacktrack("undo"))
				o := env.NewOperator(nil)
				if end := o.Finish("undo"); Verdict(end) != v1alpha1.ReasonSucceeded {
					b.Fatalf("it ended as %s", Verdict(end))
				}
			}
		})
	}
}

// newOn makes an Env on another API server; nil makes the usual one.
func newOn(b *testing.B, begin func(*Env)) *Env {
	if begin == nil {
		env := New(b)
		env.Kubelet = nil
		return env
	}
	env := &Env{T: b, Clock: clocktesting.NewFakeClock(StartTime), decoded: map[string]decoded{}}
	begin(env)
	env.populate()
	return env
}

func fakeClient() *fake.ClientBuilder {
	return fake.NewClientBuilder().WithScheme(scheme).WithRESTMapper(mapper).
		WithStatusSubresource(&v1alpha1.AuroraBacktrack{}, &v1alpha1.AuroraCluster{}).
		WithIndex(&v1alpha1.AuroraBacktrack{}, "spec.clusterRef.name", func(o client.Object) []string {
			return []string{o.(*v1alpha1.AuroraBacktrack).Spec.ClusterRef.Name}
		})
}

// withIdentity gives new objects what that client leaves out and the operator can't do without: a UID, a generation and
// a time.
func withIdentity(env *Env, api client.WithWatch) client.WithWatch {
	return interceptor.NewClient(api, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			o.SetUID(types.UID(fmt.Sprintf("uid-%d", env.made)))
			o.SetGeneration(1)
			o.SetCreationTimestamp(metav1.NewTime(env.Clock.Now()))
			return c.Create(ctx, o, options...)
		},
	})
}
