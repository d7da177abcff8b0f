package lock

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestSameTarget has which AuroraClusters stand for one Aurora cluster: RDS's own id decides once it is known of both.
func TestSameTarget(t *testing.T) {
	cluster := func(identifier, region, role, id string) *v1alpha1.AuroraCluster {
		c := &v1alpha1.AuroraCluster{Spec: v1alpha1.AuroraClusterSpec{DBClusterIdentifier: identifier, Region: region, RoleARN: role}}
		c.Status.DBClusterResourceID = id
		return c
	}
	game := cluster("game", "eu-west-1", "", "")
	known := cluster("game", "eu-west-1", "", "cluster-1")
	for name, test := range map[string]struct {
		a, b *v1alpha1.AuroraCluster
		want bool
	}{
		"the same":                       {game, cluster("game", "eu-west-1", "", ""), true},
		"in other letters":               {game, cluster("Game", "eu-west-1", "", ""), true},
		"another name":                   {game, cluster("zoo", "eu-west-1", "", ""), false},
		"another Region":                 {game, cluster("game", "eu-west-2", "", ""), false},
		"another role":                   {game, cluster("game", "eu-west-1", "arn:aws:iam::123456789012:role/r", ""), false},
		"one id under two names":         {known, cluster("renamed", "", "arn:aws:iam::123456789012:role/r", "cluster-1"), true},
		"one name, and two ids":          {known, cluster("game", "eu-west-1", "", "cluster-2"), false},
		"one of them not looked at yet":  {known, game, true},
		"the other not looked at so far": {game, known, true},
		"another, not looked at yet":     {known, cluster("zoo", "eu-west-1", "", ""), false},
	} {
		if got := SameTarget(test.a, test.b); got != test.want {
			t.Errorf("%s: SameTarget %v, want %v", name, got, test.want)
		}
	}
}

func TestOutranks(t *testing.T) {
	born := func(name string, after time.Duration) *v1alpha1.AuroraCluster {
		return &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(1e9, 0).Add(after))}}
	}
	for name, test := range map[string]struct {
		a, b *v1alpha1.AuroraCluster
		want bool
	}{
		"the older":                    {born("b", 0), born("a", time.Second), true},
		"the younger":                  {born("a", time.Second), born("b", 0), false},
		"of one age, the first name":   {born("a", 0), born("b", 0), true},
		"of one age, the later name":   {born("b", 0), born("a", 0), false},
		"nobody outranks who they are": {born("a", 0), born("a", 0), false},
	} {
		if got := Outranks(test.a, test.b); got != test.want {
			t.Errorf("%s: Outranks %v, want %v", name, got, test.want)
		}
	}
}
