package timeline

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the drawing differs from %s; look at it, and if it is right run the test with -update:\n%s", file, got)
	}
}

// eventful is the experiment with all that a picture can show: a part outside the window, one made elsewhere, one that
// failed, one that is under way, and what Kubernetes knows.
func eventful() History {
	h := experiment()
	h.Earliest = at("14:10:00")
	h.Backtracks[1].Name, h.Backtracks[1].Requester = "", ""
	h.Backtracks = append(h.Backtracks,
		Backtrack{ID: "e", Name: "game/too-much", RequestedAt: at("14:22:00"), To: at("14:15:00"), State: Failed},
		Backtrack{ID: "f", Name: "game/again", RequestedAt: at("14:24:00"), To: at("14:15:00"), State: UnderWay})
	h.Moments = []Moment{{at("14:03:00"), "Deployment game/api rolled out"}, {at("14:16:00"), "Job game/migrate started"}}
	return h
}

// hundred goes back to the same time again and again, as a test environment does.
func hundred() History {
	h := History{Cluster: "staging", Now: at("14:25:00"), Earliest: at("14:25:00").Add(-72 * time.Hour)}
	for i := range 100 {
		from := h.Now.Add(-time.Duration(100-i) * 40 * time.Minute)
		h.Backtracks = append(h.Backtracks, Backtrack{ID: fmt.Sprint(i), Name: fmt.Sprintf("ci/reset-%d", i), From: from, To: h.Now.Add(-70 * time.Hour), State: Completed})
	}
	return h
}

var drawn = map[string]func() History{
	"experiment": experiment,
	"eventful":   eventful,
	"hundred":    hundred,
	"none":       func() History { h := experiment(); h.Backtracks = nil; return h },
	"close":      closeTogether,
}

// closeTogether has days of quiet, and two rewinds within seconds, across midnight.
func closeTogether() History {
	h := experiment()
	h.Now, h.Earliest = at("00:00:41"), at("00:00:41").Add(-72*time.Hour)
	h.Backtracks = []Backtrack{completed("one", "00:00:01.250", "00:00:00"), completed("two", "00:00:31", "00:00:01.250")}
	h.Backtracks[0].To = at("00:00:00").Add(-30 * time.Second)
	return h
}

func TestText(t *testing.T) {
	for name, history := range drawn {
		for suffix, options := range map[string]TextOptions{
			"80":        {Width: 80, Most: 12},
			"160":       {Width: 160, Most: 12},
			"80-colour": {Width: 80, Most: 12, Colour: true},
			"80-ascii":  {Width: 80, Most: 12, ASCII: true, Zone: time.FixedZone("CET", 3600)},
		} {
			t.Run(name+"-"+suffix, func(t *testing.T) {
				timeline := New(history())
				var out bytes.Buffer
				if err := timeline.Text(&out, options); err != nil {
					t.Fatal(err)
				}
				golden(t, name+"-"+suffix+".txt", out.Bytes())
				if options.ASCII && strings.IndexFunc(out.String(), func(r rune) bool { return r > 126 }) >= 0 {
					t.Error("there are characters outside of ASCII")
				}
			})
		}
	}
}

func TestSVG(t *testing.T) {
	for name, history := range drawn {
		t.Run(name, func(t *testing.T) {
			timeline := New(history())
			var out bytes.Buffer
			if err := timeline.SVG(&out, SVGOptions{Most: 12}); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".svg", out.Bytes())
			if err := wellFormed(out.Bytes()); err != nil {
				t.Error(err)
			}
			for _, want := range []string{"<title id=", "<desc id=", "prefers-color-scheme:dark"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the SVG has no %s", want)
				}
			}
			if strings.Contains(out.String(), "<script") || strings.Contains(out.String(), "href") {
				t.Error("the SVG has a script, or refers to something elsewhere")
			}
		})
	}
}

func TestForeignTextIsEscaped(t *testing.T) {
	h := experiment()
	h.Backtracks[0].Name = `game/<script>alert("1")</script>`
	timeline := New(h)
	var out bytes.Buffer
	if err := timeline.SVG(&out, SVGOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<script") {
		t.Error("the SVG has a script of somebody else's")
	}
}

func TestAllAreDrawn(t *testing.T) {
	timeline := New(hundred())
	var out bytes.Buffer
	if err := timeline.Text(&out, TextOptions{Width: 160}); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if name := fmt.Sprintf("ci/reset-%d\n", i); !strings.Contains(out.String(), name) {
			t.Errorf("%q is missing", name)
		}
	}
}

func TestJSON(t *testing.T) {
	got, err := json.MarshalIndent(New(eventful()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "eventful.json", append(got, '\n'))
}

func TestOf(t *testing.T) {
	cluster := &v1alpha1.AuroraCluster{}
	cluster.Name = "game"
	cluster.Status = v1alpha1.AuroraClusterStatus{BacktrackWindow: 7200, EarliestBacktrackTime: "2023-12-23T12:25:00Z", Backtracks: []v1alpha1.LedgerEntry{
		{
			ID: "a", RequestedAt: "2023-12-23T14:07:00Z", BacktrackTo: "2023-12-23T13:55:00Z", BacktrackedFrom: "2023-12-23T14:08:12.640Z", Status: "completed",
			RequestedBy: &v1alpha1.ObjectReference{Namespace: "game", Name: "back"},
		},
		{ID: "b", RequestedAt: "2023-12-23T14:17:00Z", Status: "failed"},
		{ID: "c", RequestedAt: "2023-12-23T14:18:00Z", Status: "applying"},
		{ID: "d", RequestedAt: "2023-12-23T14:18:00Z", Status: "a new word"},
		{ClaimedAt: "2023-12-23T14:20:00Z", ClockSkew: 30, Status: "claimed", RequestedBy: &v1alpha1.ObjectReference{Namespace: "game", Name: "late"}},
	}}
	h := Of(cluster, at("14:25:00"), func(ref v1alpha1.ObjectReference) string { return "owner of\n" + ref.Name })
	want := []Backtrack{
		{
			ID: "a", Name: "game/back", Requester: "owner of back", RequestedAt: at("14:07:00"), From: at("14:08:12.640"), To: at("13:55:00"), State: Completed,
		},
		{ID: "b", RequestedAt: at("14:17:00"), State: Failed},
		{ID: "c", RequestedAt: at("14:18:00"), State: UnderWay},
		{ID: "d", RequestedAt: at("14:18:00"), State: UnderWay},
		{Name: "game/late", Requester: "owner of late", RequestedAt: at("14:20:30"), State: Unknown},
	}
	for i, b := range want {
		if h.Backtracks[i] != b {
			t.Errorf("backtrack %d is %+v, want %+v", i, h.Backtracks[i], b)
		}
	}
	if h.Earliest != at("12:25:00") || h.Window != 2*time.Hour || h.Cluster != "game" {
		t.Errorf("the history is %+v", h)
	}
}
