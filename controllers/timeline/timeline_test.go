package timeline

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// at is a time on the day of the experiment.
func at(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, "2023-12-23T"+clock+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

func completed(id, from, to string) Backtrack {
	return Backtrack{ID: id, Name: "game/" + id, RequestedAt: at(from).Add(-73 * time.Second), From: at(from), To: at(to), State: Completed}
}

// experiment is the one of the Aurora user guide's readers: back to 13:55, forward to 14:05, back to 14:15.
func experiment() History {
	first := completed("back-to-1355", "14:08:12.640", "13:55:00")
	first.Requester = "alice@example.com"
	second := completed("forward-to-1405", "14:18:07.120", "14:05:00")
	second.Requester = "bob@example.com"
	third := completed("back-to-1415", "14:20:30", "14:15:00")
	return History{Cluster: "game", Now: at("14:25:00"), Earliest: at("12:25:00"), Window: 2 * time.Hour, Backtracks: []Backtrack{first, second, third}}
}

// outline is a timeline in short: of each stretch its parent, where it continues from, its start and its end.
func outline(t Timeline) []string {
	var lines []string
	for _, s := range t.Stretches {
		from := "-"
		if s.Parent != 0 {
			from = s.From.Format("15:04")
		}
		lines = append(lines, fmt.Sprintf("%d %s %s-%s", s.Parent, from, s.Start.Format("15:04"), s.End.Format("15:04")))
	}
	return lines
}

func TestStretches(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*History)
		want   []string
	}{
		"the experiment": {
			change: func(*History) {},
			want:   []string{"0 - 12:25-14:08", "1 13:55 14:08-14:18", "1 14:05 14:18-14:20", "2 14:15 14:20-14:25"},
		},
		"none": {
			change: func(h *History) { h.Backtracks = nil },
			want:   []string{"0 - 12:25-14:25"},
		},
		"none, and the earliest time is not known": {
			change: func(h *History) { h.Backtracks, h.Earliest = nil, time.Time{} },
			want:   []string{"0 - 14:25-14:25"},
		},
		"in any order": {
			change: func(h *History) { h.Backtracks[0], h.Backtracks[2] = h.Backtracks[2], h.Backtracks[0] },
			want:   []string{"0 - 12:25-14:08", "1 13:55 14:08-14:18", "1 14:05 14:18-14:20", "2 14:15 14:20-14:25"},
		},
		"from before the window": {
			change: func(h *History) { h.Earliest = at("14:19:00") },
			want:   []string{"0 - 13:55-14:08", "1 13:55 14:08-14:18", "1 14:05 14:18-14:20", "2 14:15 14:20-14:25"},
		},
		"to a time before all that is known": {
			change: func(h *History) { h.Backtracks = []Backtrack{completed("a", "14:00:00", "09:00:00")} },
			want:   []string{"0 - 09:00-14:00", "1 09:00 14:00-14:25"},
		},
		"an undo continues what the backtrack ended, not what it started": {
			change: func(h *History) {
				h.Backtracks = []Backtrack{completed("a", "14:00:00.250", "13:00:00"), completed("undo", "14:10:00", "14:00:00.250")}
			},
			want: []string{"0 - 12:25-14:00", "1 13:00 14:00-14:10", "1 14:00 14:10-14:25"},
		},
		"two at one instant": {
			change: func(h *History) {
				h.Backtracks = []Backtrack{completed("a", "14:00:00", "13:00:00"), completed("b", "14:00:00", "13:30:00"), completed("undo", "14:10:00", "14:00:00")}
			},
			want: []string{"0 - 12:25-14:00", "1 13:00 14:00-14:00", "1 13:30 14:00-14:10", "1 14:00 14:10-14:25"},
		},
		"made elsewhere": {
			change: func(h *History) { h.Backtracks[1].Name = "" },
			want:   []string{"0 - 12:25-14:08", "1 13:55 14:08-14:18", "1 14:05 14:18-14:20", "2 14:15 14:20-14:25"},
		},
		"failed, under way, unknown: no stretch": {
			change: func(h *History) {
				h.Backtracks[0].State, h.Backtracks[1].State, h.Backtracks[2].State = Failed, UnderWay, Unknown
			},
			want: []string{"0 - 12:25-14:25"},
		},
		"a record without backtrackedFrom starts when it was asked for": {
			change: func(h *History) { h.Backtracks = h.Backtracks[:1]; h.Backtracks[0].From = time.Time{} },
			want:   []string{"0 - 12:25-14:06", "1 13:55 14:06-14:25"},
		},
		"RDS's clock is ahead of ours": {
			change: func(h *History) { h.Now = at("14:19:00") },
			want:   []string{"0 - 12:25-14:08", "1 13:55 14:08-14:18", "1 14:05 14:18-14:20", "2 14:15 14:20-14:20"},
		},
		"a record that goes to after it began": {
			change: func(h *History) { h.Backtracks = []Backtrack{completed("a", "14:00:00", "14:03:00")} },
			want:   []string{"0 - 12:25-14:00", "1 14:00 14:00-14:25"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := experiment()
			test.change(&h)
			if got := outline(New(h)); !reflect.DeepEqual(got, test.want) {
				t.Errorf("stretches are %q, want %q", got, test.want)
			}
		})
	}
}

func TestGoTo(t *testing.T) {
	h := experiment()
	h.Earliest = at("14:10:00")
	h.Backtracks = append(h.Backtracks, completed("twin", "14:20:30", "14:15:00"))
	var got []string
	for _, s := range New(h).Stretches {
		got = append(got, fmt.Sprintf("%t %s", s.Reachable, s.GoTo))
	}
	// The original has left the window, no time passed in the fourth, and the database is in the fifth.
	want := []string{"false ", "true 2023-12-23T14:18:07.12Z", "true 2023-12-23T14:20:30Z", "true ", "true "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the times to go to are %q, want %q", got, want)
	}
}

func TestOthersAndMoments(t *testing.T) {
	h := experiment()
	h.Backtracks = append(h.Backtracks,
		Backtrack{ID: "f", RequestedAt: at("14:22:00"), To: at("14:00:00"), State: Failed},
		Backtrack{Name: "game/asked", RequestedAt: at("14:21:00"), State: Unknown})
	h.Moments = []Moment{{at("14:03:00"), "second"}, {at("14:02:00"), "first"}, {at("11:00:00"), "before"}, {at("15:00:00"), "after"}}
	got := New(h)
	if len(got.Others) != 2 || got.Others[0].State != Unknown || got.Others[1].State != Failed {
		t.Errorf("the others are %+v, want the unknown and the failed one", got.Others)
	}
	if len(got.Moments) != 2 || got.Moments[0].What != "first" || got.Moments[1].What != "second" {
		t.Errorf("the moments are %+v, want those inside the drawn time, in order", got.Moments)
	}
}

func TestLineage(t *testing.T) {
	timeline := New(experiment())
	for name, test := range map[string]struct {
		at   string
		want []int
	}{
		"now":                         {"14:25:00", []int{4, 2, 1}},
		"in the third":                {"14:19:00", []int{3, 1}},
		"the end of the first":        {"14:08:12.640", []int{1}},
		"just after it":               {"14:08:12.641", []int{2, 1}},
		"before all that is known":    {"01:00:00", []int{1}},
		"after all that there is":     {"23:00:00", []int{4, 2, 1}},
		"where the fourth comes from": {"14:15:00", []int{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, s := range timeline.Lineage(at(test.at)) {
				got = append(got, s.Number)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("the lineage of %s is %v, want %v", test.at, got, test.want)
			}
		})
	}
}
