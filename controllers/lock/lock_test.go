package lock

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func object(name, uid string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name, UID: types.UID(uid)}}
}

func TestLock(t *testing.T) {
	c := &v1alpha1.AuroraCluster{}
	a, b, again := Reference(object("a", "1")), Reference(object("b", "2")), Reference(object("a", "3"))
	for _, time := range []string{"first", "second"} {
		if !Hold(c, a) {
			t.Errorf("a did not get the free lock the %s time", time)
		}
	}
	if Hold(c, b) || Holds(c, b) || Release(c, b) {
		t.Error("b got or freed a's lock")
	}
	if Holds(c, again) || Release(c, again) {
		t.Error("a later object of a's name has a's lock")
	}
	if !Release(c, a) || Release(c, a) || !Hold(c, b) {
		t.Error("a's lock was not freed once")
	}
}
