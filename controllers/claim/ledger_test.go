package claim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

var now = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

func object(name, uid string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name, UID: types.UID(uid)},
		Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z"},
	}
}

func at(ago time.Duration) v1alpha1.Timestamp { return v1alpha1.NewTimestamp(now.Add(-ago)) }

func record(id, status string, ago time.Duration) v1alpha1.BacktrackRecord {
	return v1alpha1.BacktrackRecord{ID: id, Status: status, RequestedAt: at(ago), BacktrackTo: "2023-12-23T13:55:00Z"}
}

func newClaim(attempt int32, ago time.Duration) v1alpha1.Claim {
	return v1alpha1.Claim{ClaimedAt: at(ago), BacktrackTo: "2023-12-23T13:55:00Z", Attempt: attempt}
}

// shown is the ledger, oldest first.
func shown(c *v1alpha1.AuroraCluster) string {
	var entries []string
	for _, e := range c.Status.Backtracks {
		by := "-"
		if e.RequestedBy != nil {
			by = e.RequestedBy.Name
		}
		entries = append(entries, fmt.Sprintf("%s %s %s", e.ID, e.Status, by))
	}
	return strings.Join(entries, ", ")
}

func TestHash(t *testing.T) {
	base := object("a", "1").Spec
	for name, test := range map[string]struct {
		change   func(*v1alpha1.AuroraBacktrackSpec)
		wantSame bool
	}{
		"another zone":       {func(s *v1alpha1.AuroraBacktrackSpec) { s.BacktrackTo = "2023-12-23T14:55:00.000+01:00" }, true},
		"without seconds":    {func(s *v1alpha1.AuroraBacktrackSpec) { s.BacktrackTo = "2023-12-23T13:55Z" }, true},
		"suspend":            {func(s *v1alpha1.AuroraBacktrackSpec) { s.Suspend = true }, true},
		"cancel":             {func(s *v1alpha1.AuroraBacktrackSpec) { s.Cancel = true }, true},
		"its time to live":   {func(s *v1alpha1.AuroraBacktrackSpec) { s.TTLSecondsAfterFinished = new(int32) }, true},
		"another time":       {func(s *v1alpha1.AuroraBacktrackSpec) { s.BacktrackTo = "2023-12-23T13:55:00.001Z" }, false},
		"another cluster":    {func(s *v1alpha1.AuroraBacktrackSpec) { s.ClusterRef.Name = "zoo" }, false},
		"force":              {func(s *v1alpha1.AuroraBacktrackSpec) { s.Force = true }, false},
		"the earliest time":  {func(s *v1alpha1.AuroraBacktrackSpec) { s.UseEarliestTimeOnPointInTimeUnavailable = true }, false},
		"a deadline":         {func(s *v1alpha1.AuroraBacktrackSpec) { s.StartDeadline = "2023-12-23T15:00:00Z" }, false},
		"repeat":             {func(s *v1alpha1.AuroraBacktrackSpec) { s.Repeat = "b1" }, false},
		"a name that splits": {func(s *v1alpha1.AuroraBacktrackSpec) { s.ClusterRef.Name = "game|2023-12-23T13:55:00Z" }, false},
	} {
		spec := base
		test.change(&spec)
		if same := Hash(spec) == Hash(base); same != test.wantSame {
			t.Errorf("%s: the same wish: %v", name, same)
		}
	}
}

func TestFind(t *testing.T) {
	c := &v1alpha1.AuroraCluster{}
	first, other := object("a", "1"), object("b", "2")
	Record(c, first, record("r1", "completed", time.Hour))
	Record(c, other, record("r2", "completed", time.Minute))
	changed := object("a", "9")
	changed.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
	elsewhere := object("a", "9")
	elsewhere.Namespace = "zoo"
	for name, test := range map[string]struct {
		object *v1alpha1.AuroraBacktrack
		wantID string
	}{
		"itself":                           {first, "r1"},
		"the same name and spec":           {object("a", "9"), "r1"},
		"the same name, another spec":      {changed, ""},
		"the same name, another namespace": {elsewhere, ""},
		"another name":                     {object("c", "9"), ""},
	} {
		id := ""
		if entry := Find(c, test.object); entry != nil {
			id = entry.ID
		}
		if id != test.wantID {
			t.Errorf("%s: found %q, want %q", name, id, test.wantID)
		}
	}
}

func TestClaim(t *testing.T) {
	c, a := &v1alpha1.AuroraCluster{}, object("a", "1")
	one, two := newClaim(1, time.Hour), newClaim(2, time.Minute)
	if !Enter(c, a, one) || shown(c) != " claimed a" {
		t.Fatalf("the first claim: %s", shown(c))
	}
	if Enter(c, a, two) {
		t.Error("claimed twice by an object that does not know its first claim")
	}
	if Enter(c, object("a", "9"), two) {
		t.Error("claimed by the same wish come back")
	}
	a.Status.Claim = &one
	if !Enter(c, a, two) || shown(c) != " claimed a" || c.Status.Backtracks[0].Attempt != 2 {
		t.Errorf("the second claim: %+v", c.Status.Backtracks)
	}
	if Withdraw(c, a, one) {
		t.Error("a claim was taken back that is not there any more")
	}
	if !Withdraw(c, a, two) || Withdraw(c, a, two) || shown(c) != "" {
		t.Errorf("taken back: %s", shown(c))
	}
	Enter(c, a, one)
	Record(c, a, record("r1", "pending", time.Hour))
	if Enter(c, a, two) || Withdraw(c, a, one) || shown(c) != "r1 pending a" {
		t.Errorf("a claim with its record was claimed or taken back: %s", shown(c))
	}
}

func TestRecord(t *testing.T) {
	c, a := &v1alpha1.AuroraCluster{}, object("a", "1")
	Enter(c, a, newClaim(1, time.Hour))
	for _, step := range []struct {
		record      v1alpha1.BacktrackRecord
		wantChanged bool
		want        string
	}{
		{record("r1", "pending", time.Hour), true, "r1 pending a"},
		{record("r1", "pending", time.Hour), false, "r1 pending a"},
		{record("r1", "completed", time.Hour), true, "r1 completed a"},
		{record("r1", "applying", time.Hour), false, "r1 completed a"}, // an end stays
	} {
		if changed := Record(c, a, step.record); changed != step.wantChanged || shown(c) != step.want {
			t.Errorf("%+v: changed %v, %s", step.record, changed, shown(c))
		}
	}
	// RDS's history had brought the record in without a name.
	c = &v1alpha1.AuroraCluster{}
	Merge(c, []v1alpha1.BacktrackRecord{record("r1", "applying", time.Minute)}, now)
	if !Record(c, a, record("r1", "completed", time.Minute)) || shown(c) != "r1 completed a" {
		t.Errorf("joined: %s", shown(c))
	}
	if !Accounted(c, "r1") || Accounted(c, "r2") || AccountedToOther(c, "r1", a) || !AccountedToOther(c, "r1", object("b", "2")) {
		t.Error("it is accounted wrongly")
	}
}

func TestMerge(t *testing.T) {
	held := func(c *v1alpha1.AuroraCluster) {
		lock.Hold(c, lock.Reference(object("a", "1")))
		Enter(c, object("a", "1"), newClaim(1, time.Minute))
	}
	for name, test := range map[string]struct {
		given   func(*v1alpha1.AuroraCluster)
		history []v1alpha1.BacktrackRecord

		want          string
		wantElsewhere int
	}{
		"nothing":             {},
		"made elsewhere":      {history: []v1alpha1.BacktrackRecord{record("r1", "completed", time.Hour), record("r2", "applying", 0)}, want: "r1 completed -, r2 applying -", wantElsewhere: 2},
		"known already":       {given: func(c *v1alpha1.AuroraCluster) { Record(c, object("a", "1"), record("r1", "pending", time.Hour)) }, history: []v1alpha1.BacktrackRecord{record("r1", "completed", time.Hour)}, want: "r1 completed a"},
		"an open claim":       {given: held, history: []v1alpha1.BacktrackRecord{record("r1", "pending", 0)}, want: " claimed a"},
		"long before a claim": {given: held, history: []v1alpha1.BacktrackRecord{record("r1", "completed", 3*time.Hour)}, want: " claimed a, r1 completed -", wantElsewhere: 1},
		"a claim whose object has ended": {
			given:   func(c *v1alpha1.AuroraCluster) { held(c); lock.Release(c, lock.Reference(object("a", "1"))) },
			history: []v1alpha1.BacktrackRecord{record("r1", "pending", 0)}, want: " claimed a, r1 pending -", wantElsewhere: 1,
		},
		"older than any window": {
			given:   func(c *v1alpha1.AuroraCluster) { Record(c, object("a", "1"), record("r1", "completed", 73*time.Hour)) },
			history: []v1alpha1.BacktrackRecord{record("r0", "completed", 80*time.Hour)},
		},
		"just inside": {history: []v1alpha1.BacktrackRecord{record("r0", "completed", 72*time.Hour)}, want: "r0 completed -", wantElsewhere: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.AuroraCluster{}
			if test.given != nil {
				test.given(c)
			}
			elsewhere := Merge(c, test.history, now)
			if shown(c) != test.want || len(elsewhere) != test.wantElsewhere {
				t.Errorf("got %s, %d elsewhere", shown(c), len(elsewhere))
			}
			if again := Merge(c, test.history, now); len(again) != 0 || shown(c) != test.want {
				t.Errorf("once more: %s, %d elsewhere", shown(c), len(again))
			}
		})
	}
}

// TestBound has more backtracks than the schema lets in: ours stay, those made elsewhere go, oldest first.
func TestBound(t *testing.T) {
	c := &v1alpha1.AuroraCluster{}
	Record(c, object("a", "1"), record("ours", "completed", 71*time.Hour))
	var history []v1alpha1.BacktrackRecord
	for i := range 3000 {
		history = append(history, record(fmt.Sprintf("r%04d", i), "completed", 70*time.Hour-time.Duration(i)*time.Minute))
	}
	Merge(c, history, now)
	if n := len(c.Status.Backtracks); n > 1000 {
		t.Errorf("%d entries, and the schema admits 1000", n)
	}
	if !Accounted(c, "ours") {
		t.Error("ours is gone")
	}
	if last := c.Status.Backtracks[len(c.Status.Backtracks)-1].ID; last != "r2999" {
		t.Errorf("the youngest is %s", last)
	}
	if news := Merge(c, history, now); len(news) > 0 {
		t.Errorf("%d are news again", len(news))
	}
}

// TestMergeKeepsTheOrder has a backtrack made elsewhere that is heard of after a later one of ours was entered.
func TestMergeKeepsTheOrder(t *testing.T) {
	at := func(ago time.Duration) v1alpha1.Timestamp { return v1alpha1.NewTimestamp(now.Add(-ago)) }
	c := &v1alpha1.AuroraCluster{}
	c.Status.Backtracks = []v1alpha1.LedgerEntry{
		{ID: "ours", RequestedAt: at(time.Minute), RequestedBy: &v1alpha1.ObjectReference{Name: "undo"}},
		{Status: StatusClaimed, ClaimedAt: at(0), RequestedBy: &v1alpha1.ObjectReference{Name: "next"}},
	}
	elsewhere := Merge(c, []v1alpha1.BacktrackRecord{{ID: "elsewhere", RequestedAt: at(2 * time.Minute)}, {ID: "ours", RequestedAt: at(time.Minute)}}, now)
	var order []string
	for _, e := range c.Status.Backtracks {
		order = append(order, e.ID+e.Status)
	}
	if got, want := strings.Join(order, " "), "elsewhere ours "+StatusClaimed; got != want || len(elsewhere) != 1 {
		t.Errorf("the ledger has %q with %d new, want %q", got, len(elsewhere), want)
	}
}
