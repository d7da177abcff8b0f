package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestCopyCrashes runs rewinds with a safety copy once for each thing that can go wrong at each of their moments: RDS makes each
// copy once, and rewinds nothing that was not copied.
func TestCopyCrashes(t *testing.T) {
	copyable := func(takes time.Duration) func(*harness.Checker) {
		return func(s *harness.Checker) {
			copying(takes)(s.Env)
			s.RDS.SetTiming(local.Timing{Unlisted: 2 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 2 * time.Second, Copying: takes})
		}
	}
	copied := saying(v1alpha1.ConditionCopied, v1alpha1.ReasonCopying)
	for name, s := range map[string]harness.Scenario{
		"a readable clone": {
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopyClone, readable), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"a snapshot": {
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopySnapshot), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"it takes too long": {
			Given: copyable(time.Hour), Object: wanting(v1alpha1.CopyClone, func(c *v1alpha1.SafetyCopy) { c.Timeout = "20s" }), Want: v1alpha1.ReasonCopyTimedOut,
		},
		"it is cancelled meanwhile": {
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopyClone),
			Users: once(copied, func(s *harness.Checker) { s.Edit("undo", cancel) }), Want: v1alpha1.ReasonCancelled,
		},
		"it is deleted meanwhile": {
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopyClone),
			Users: once(copied, func(s *harness.Checker) { s.Delete("undo") }), Want: "gone",
		},
		"its status is wiped meanwhile": { // what was written until it pauses again is in no copy
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopyClone),
			Users: once(copied, func(s *harness.Checker) { s.WipeStatus("undo") }), Want: v1alpha1.ReasonCopyFailed,
			// The process died before RDS was asked for the copy.
			WantElse: []string{v1alpha1.ReasonSucceeded}, MayAccept: 1,
		},
		"it comes back after its end": { // and gets no second copy
			Given: copyable(8 * time.Second), Object: wanting(v1alpha1.CopySnapshot),
			Users: once(finished, func(s *harness.Checker) {
				again := harness.NewBacktrack("undo")
				wanting(v1alpha1.CopySnapshot)(again)
				s.Delete("undo")
				s.Create(again)
			}),
			Want: v1alpha1.ReasonAlreadyApplied, WantAccepted: 1,
		},
	} {
		t.Run(name, s.TestFaults)
	}
}

// TestForeignCopy meets something of the copy's identifier that is not the object's own. It is neither taken for the copy nor touched.
func TestForeignCopy(t *testing.T) {
	for name, tags := range map[string][]local.Tag{
		"without our tag":           nil,
		"with another object's tag": {{Key: v1alpha1.CopyUIDTag, Value: "another"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := harness.New(t)
			env.CreateDependents()
			copying(time.Second)(env)
			o, _ := env.NewCheckedOperator(nil)
			o.ReconcileAll()
			object := harness.NewBacktrack("undo")
			wanting(v1alpha1.CopyClone)(object)
			object.Spec.Suspend = true
			env.Create(object)
			id := copyOf(env, "undo")
			env.Must(env.RDS.AddCluster(local.Cluster{Identifier: id, Tags: tags}, ""))
			env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			b := o.Finish("undo")
			harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonCopyFailed)
			owner := ""
			if len(tags) > 0 {
				owner = tags[0].Value
			}
			harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionSucceeded), "RDS has something of the identifier COPY that is not this object's: its tag aurora-backtrack.io/uid reads "+
				`"`+owner+`" and should read "`+string(b.UID)+`"; nothing was rewound: rename or remove it, and create a new AuroraBacktrack`)
			harness.Equal(t, "the number of calls", env.Calls(), 0)
			harness.Equal(t, "the number of copies", len(env.CopiesMade()), 0)
			env.CheckRestored(b, false)
		})
	}
}

// TestCopyTakesOverTheNetwork looks at the clone in RDS: whose it is, until when it is wanted, and what it has of its source.
func TestCopyTakesOverTheNetwork(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	copying(time.Second)(env)
	env.EditDBCluster(func(c *local.Cluster) { c.SecurityGroups = []string{"sg-1", "sg-2"} })
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	object := harness.NewBacktrack("undo")
	wanting(v1alpha1.CopyClone, readable)(object)
	env.Create(object)
	b := o.Finish("undo")
	source, err := env.RDS.Cluster("testcluster")
	env.Must(err)
	clone, err := env.RDS.Cluster(copyOf(env, "undo"))
	env.Must(err)
	if clone.BacktrackWindow != source.BacktrackWindow || len(clone.SecurityGroups) != 2 || clone.SecurityGroups[1] != "sg-2" || clone.CloneGroupID == "" || clone.CloneGroupID != source.CloneGroupID {
		t.Errorf("the clone is %+v, its source %+v", clone, source)
	}
	got := map[string]string{}
	for _, tag := range clone.Tags {
		got[tag.Key] = tag.Value
	}
	for key, want := range map[string]string{
		v1alpha1.CopyUIDTag: string(b.UID), v1alpha1.CopyObjectTag: "game/undo", v1alpha1.CopyClusterTag: "game",
		v1alpha1.CopyTimeTag: string(b.Status.SafetyCopy.RequestedAt), v1alpha1.CopyWantedUntilTag: string(b.Status.SafetyCopy.WantedUntil),
	} {
		if got[key] != want || want == "" {
			t.Errorf("tag %s reads %q, want %q", key, got[key], want)
		}
	}
	harness.Equal(t, "the instance", b.Status.SafetyCopy.Instance, copyOf(env, "undo")+"-1")
	harness.Equal(t, "the status", b.Status.SafetyCopy.Status, "available")
	if b.Status.SafetyCopy.Endpoint == "" {
		t.Error("the status has no endpoint")
	}
}
