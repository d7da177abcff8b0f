package policy

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestSafetyCopy has what copy an object gets, and what it is told when it may not have it.
func TestSafetyCopy(t *testing.T) {
	type limits = v1alpha1.SafetyCopyPolicy
	type asked = v1alpha1.SafetyCopy
	for name, tt := range map[string]struct {
		limits limits
		asked  *asked

		want        *v1alpha1.PlannedCopy
		wantRefusal string
	}{
		"nobody asks":        {},
		"none is asked for":  {limits: limits{Type: "Clone"}, asked: &asked{Type: "None"}},
		"the default":        {limits: limits{Type: "Clone"}, want: &v1alpha1.PlannedCopy{Type: "Clone", Timeout: "30m", KeepFor: "168h"}},
		"the object asks":    {asked: &asked{Type: "Snapshot"}, want: &v1alpha1.PlannedCopy{Type: "Snapshot", Timeout: "30m", KeepFor: "168h"}},
		"only how long":      {limits: limits{Type: "Clone", Timeout: "1h"}, asked: &asked{Timeout: "90s"}, want: &v1alpha1.PlannedCopy{Type: "Clone", Timeout: "1m30s", KeepFor: "168h"}},
		"an instance":        {limits: limits{InstanceClasses: []v1alpha1.InstanceClass{"db.t4g.medium"}}, asked: &asked{Type: "Clone", InstanceClass: "db.t4g.medium", KeepFor: "48h"}, want: &v1alpha1.PlannedCopy{Type: "Clone", InstanceClass: "db.t4g.medium", Timeout: "30m", KeepFor: "48h"}},
		"a type not allowed": {limits: limits{AllowedTypes: []v1alpha1.CopyType{"None", "Clone"}}, asked: &asked{Type: "Snapshot"}, want: &v1alpha1.PlannedCopy{Type: "Snapshot", Timeout: "30m", KeepFor: "168h"}, wantRefusal: "a safety copy of type Snapshot is not allowed by AuroraCluster game (spec.safetyCopy.allowedTypes): create a new AuroraBacktrack with one of [None Clone]"},
		"a copy is a must":   {limits: limits{AllowedTypes: []v1alpha1.CopyType{"Clone"}, Type: "Clone"}, asked: &asked{Type: "None"}, wantRefusal: "a safety copy of type None is not allowed by AuroraCluster game (spec.safetyCopy.allowedTypes): create a new AuroraBacktrack with one of [Clone]"},
		"an instance of a snapshot": {limits: limits{Type: "Snapshot", InstanceClasses: []v1alpha1.InstanceClass{"db.t4g.medium"}}, asked: &asked{InstanceClass: "db.t4g.medium"},
			want:        &v1alpha1.PlannedCopy{Type: "Snapshot", InstanceClass: "db.t4g.medium", Timeout: "30m", KeepFor: "168h"},
			wantRefusal: "spec.safetyCopy.instanceClass is for type Clone, and the type is Snapshot: create a new AuroraBacktrack with type Clone, or without instanceClass"},
		"a class not allowed": {asked: &asked{Type: "Clone", InstanceClass: "db.r6g.16xlarge"}, want: &v1alpha1.PlannedCopy{Type: "Clone", InstanceClass: "db.r6g.16xlarge", Timeout: "30m", KeepFor: "168h"},
			wantRefusal: "spec.safetyCopy.instanceClass db.r6g.16xlarge is not allowed by AuroraCluster game (spec.safetyCopy.instanceClasses has []): create a new AuroraBacktrack with one of them, or without"},
		"too long a pause": {limits: limits{Type: "Clone"}, asked: &asked{Timeout: "2h"}, want: &v1alpha1.PlannedCopy{Type: "Clone", Timeout: "30m", KeepFor: "168h"},
			wantRefusal: "spec.safetyCopy.timeout 2h is longer than AuroraCluster game allows, 30m (spec.safetyCopy.timeout)"},
		"kept too long": {limits: limits{Type: "Clone", MaxKeepFor: "200h"}, asked: &asked{KeepFor: "201h"}, want: &v1alpha1.PlannedCopy{Type: "Clone", Timeout: "30m", KeepFor: "201h"},
			wantRefusal: "spec.safetyCopy.keepFor 201h is longer than AuroraCluster game allows, 200h (spec.safetyCopy.maxKeepFor)"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game"}, Spec: v1alpha1.AuroraClusterSpec{SafetyCopy: tt.limits}}
			object := &v1alpha1.AuroraBacktrack{Spec: v1alpha1.AuroraBacktrackSpec{SafetyCopy: tt.asked}}
			got := SafetyCopy(cluster, object)
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("it gets %+v, want %+v", got, tt.want)
			}
			refusal := safetyCopy(Facts{Cluster: cluster, Object: object})
			if (refusal == nil) != (tt.wantRefusal == "") || refusal != nil && (refusal.Message != tt.wantRefusal || !refusal.Final) {
				t.Errorf("refused %+v, want %q", refusal, tt.wantRefusal)
			}
		})
	}
}

// TestUndoIsNotCopied: the undo of a rewind makes no copy, whatever the AuroraCluster's default is.
func TestUndoIsNotCopied(t *testing.T) {
	c := &v1alpha1.AuroraCluster{}
	c.Spec.SafetyCopy.Type = v1alpha1.CopyClone
	b := &v1alpha1.AuroraBacktrack{}
	if SafetyCopy(c, b) == nil {
		t.Fatal("the AuroraCluster's default makes no copy")
	}
	b.Spec.UndoOf = &v1alpha1.UndoOf{Name: "undo", UID: "1"}
	if planned := SafetyCopy(c, b); planned != nil {
		t.Errorf("an undo is copied: %+v", planned)
	}
}
