package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// history draws any history, also ones that RDS can't have.
func history(t *rapid.T) History {
	base := at("12:00:00")
	moment := func(label string) time.Time {
		return base.Add(time.Duration(rapid.IntRange(-200_000, 20_000_000).Draw(t, label)) * time.Millisecond)
	}
	h := History{Cluster: "game", Now: moment("now"), Window: 2 * time.Hour}
	if rapid.Bool().Draw(t, "earliest known") {
		h.Earliest = moment("earliest")
	}
	for range rapid.IntRange(0, 30).Draw(t, "backtracks") {
		b := Backtrack{State: rapid.SampledFrom([]State{Completed, Completed, Completed, Failed, UnderWay, Unknown}).Draw(t, "state")}
		for label, field := range map[string]*time.Time{"requested": &b.RequestedAt, "from": &b.From, "to": &b.To} {
			if rapid.IntRange(0, 9).Draw(t, label+" known") > 0 {
				*field = moment(label)
			}
		}
		if len(h.Backtracks) > 0 && rapid.IntRange(0, 4).Draw(t, "same instant") == 0 {
			b.From = h.Backtracks[len(h.Backtracks)-1].From
		}
		if rapid.Bool().Draw(t, "ours") {
			b.Name, b.Requester = "game/"+rapid.StringN(1, 40, 80).Draw(t, "name"), rapid.String().Draw(t, "requester")
		}
		h.Backtracks = append(h.Backtracks, b)
	}
	return h
}

func TestStretchesCoverTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history(t)
		timeline := New(h)
		stretches := timeline.Stretches
		if stretches[0].Start.After(timeline.Earliest) && !h.Earliest.IsZero() && h.Earliest.Before(timeline.Now) {
			t.Fatalf("the first stretch starts at %s, after the earliest time %s", stretches[0].Start, timeline.Earliest)
		}
		for i, s := range stretches {
			switch {
			case s.Number != i+1:
				t.Fatalf("stretch %d has the number %d", i+1, s.Number)
			case s.End.Before(s.Start):
				t.Fatalf("stretch %d ends before it starts", s.Number)
			case i > 0 && !s.Start.Equal(stretches[i-1].End):
				t.Fatalf("between the stretches %d and %d is a gap or an overlap", i, s.Number)
			}
		}
		if end := stretches[len(stretches)-1].End; !end.Equal(timeline.Now) || end.Before(h.Now) {
			t.Fatalf("the last stretch ends at %s, want now", end)
		}
	})
}

func TestArrowsLeadToOneOrigin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timeline := New(history(t))
		for _, s := range timeline.Stretches {
			if s.Parent == 0 {
				continue
			}
			parent := timeline.Stretches[s.Parent-1]
			if s.Parent >= s.Number || s.From.After(parent.End) || s.From.Before(parent.Start) {
				t.Fatalf("stretch %d continues stretch %d at %s, which is not in it", s.Number, s.Parent, s.From)
			}
		}
		when := timeline.Now.Add(-time.Duration(rapid.IntRange(-1000, 20_000_000).Draw(t, "ago")) * time.Millisecond)
		line := timeline.Lineage(when)
		if origin := line[len(line)-1]; origin.Number != 1 {
			t.Fatalf("from %s the arrows end in stretch %d, want the original", when, origin.Number)
		}
	})
}

func TestDrawingsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timeline := New(history(t))
		most, width := rapid.IntRange(0, 12).Draw(t, "most"), rapid.IntRange(60, 200).Draw(t, "width")
		var text, svg bytes.Buffer
		if err := timeline.Text(&text, TextOptions{Width: width, Most: most}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("a line has %d columns, want at most %d: %q", n, width, line)
			}
		}
		if err := timeline.SVG(&svg, SVGOptions{Most: most}); err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(svg.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

func wellFormed(document []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
