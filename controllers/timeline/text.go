package timeline

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// TextOptions say how a timeline is written to a terminal.
type TextOptions struct {
	// Width in columns; at least 60 are used.
	Width int
	// Colour uses ANSI's escape sequences.
	Colour bool
	// ASCII uses no other characters than ASCII's.
	ASCII bool
	// Most is how many stretches are drawn; 0 means all.
	Most int
	// Zone is the zone of the clock times shown; UTC if nil. Times to type are always in UTC.
	Zone *time.Location
}

const (
	narrowest = 60
	gutter    = 4 // columns for the number of the stretch
	label     = 33
	wideLabel = 62
	nearest   = 4 // columns between two times, where there is room
	inset     = 2 // columns by which a bar begins late, so that an arrow from the end of the one before passes
)

// colours of the stretches, one after the other: those of ANSI that both dark and light terminals can show.
var colours = []int{36, 33, 35, 32, 34, 31}

var (
	quiet  = style{dim: true}
	strong = style{bold: true}
)

// textPicture is a timeline on its way to the terminal.
type textPicture struct {
	selection
	canvas
	axis
	options TextOptions
	left    int // the column where the picture begins
	top     int // the row of the first lane
}

// Text writes the timeline as a picture of characters.
func (t *Timeline) Text(w io.Writer, o TextOptions) error {
	o.Width = max(o.Width, narrowest)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	p := &textPicture{selection: t.choose(o.Most), canvas: canvas{width: o.Width}, options: o}
	ticks := p.ticks()
	p.left = gutter
	if p.hidden() > 0 {
		p.left += 3 // for the arrow from what is not drawn
	}
	p.axis = newAxis(ticks, float64(o.Width-p.left-p.labelWidth()-1), nearest)
	p.heading()
	p.tickLabels(ticks)
	p.top = len(p.rows)
	for i := range p.shown {
		p.lane(i)
	}
	for i := range p.shown {
		p.arrow(i)
	}
	p.windowEdge()
	p.marks()
	p.moments()
	p.footnotes()
	text := p.string(o.Colour)
	if o.ASCII {
		text = plain.Replace(text)
	}
	_, err := io.WriteString(w, text)
	return err
}

func (p *textPicture) wide() bool { return p.options.Width >= 120 }

func (p *textPicture) labelWidth() int {
	if p.wide() {
		return wideLabel
	}
	return label
}

// column is where a time stands.
func (p *textPicture) column(at time.Time) int { return p.left + int(p.place(at)+0.5) }

// style of a stretch at a time.
func (p *textPicture) style(s Stretch, at time.Time) style {
	st := style{colour: colours[(s.Number-1)%len(colours)]}
	if at.Before(p.Earliest) {
		return style{dim: true}
	}
	return st
}

func (p *textPicture) heading() {
	row := p.row()
	p.text(row, 0, p.title(), strong)
	p.text(p.row(), 0, p.subtitle(p.options.Zone), quiet)
	p.row()
}

// title and subtitle say in words what the picture shows.
func (s selection) title() string {
	backtracks := len(s.Stretches) - 1
	switch backtracks {
	case 0:
		return s.Cluster + ": no backtrack is known, so the history is one line"
	case 1:
		return s.Cluster + ": 1 backtrack, 2 stretches"
	}
	title := fmt.Sprintf("%s: %d backtracks, %d stretches", s.Cluster, backtracks, len(s.Stretches))
	if s.hidden() > 0 {
		title += fmt.Sprintf(" (%d of them drawn)", len(s.shown))
	}
	return title
}

func (s selection) subtitle(zone *time.Location) string {
	zoneName, _ := s.Now.In(zone).Zone()
	text := fmt.Sprintf("%s %s, not to scale", s.Now.In(zone).Format(time.DateOnly), zoneName)
	if s.Earliest.IsZero() {
		return text + " · the earliest time is not known"
	}
	return text + fmt.Sprintf(" · reaches back %s, to %s", Length(s.Now.Sub(s.Earliest)), short(s.Earliest, s.Now, zone))
}

// Length is a length of time in its two largest units, the second one only if there is something of it.
func Length(d time.Duration) string {
	d = d.Round(time.Second)
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, unit := range units[:3] {
		if d < unit.length {
			continue
		}
		text := fmt.Sprintf("%d%s", d/unit.length, unit.name)
		if rest := d % unit.length / units[i+1].length; rest > 0 {
			text += fmt.Sprintf("%d%s", rest, units[i+1].name)
		}
		return text
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// tickLabels writes the times above the picture, in two rows, the more important ones first.
func (p *textPicture) tickLabels(ticks []tick) {
	above, below, stems := p.row(), p.row(), p.row()
	clock := newClock(ticks, p.options.Zone)
	labels := make([]string, len(ticks))
	for i, t := range ticks {
		p.set(stems, p.column(t.at), '╷', quiet)
		labels[i] = clock.label(t)
		if t.name != "" {
			labels[i] += " " + t.name
		}
	}
	for rank := rankEdge; rank <= rankFirst; rank++ {
		for i, t := range ticks {
			if t.rank != rank {
				continue
			}
			start := max(p.left, p.column(t.at)-utf8.RuneCountInString(labels[i])/2)
			if t.at.Equal(p.Now) { // keep clear of what is left of it
				start = p.column(t.at) - utf8.RuneCountInString(labels[i]) + len(" now") + 1
			}
			for _, row := range []int{below, above} {
				if p.free(row, start, utf8.RuneCountInString(labels[i])) {
					p.text(row, start, labels[i], quiet)
					break
				}
			}
		}
	}
}

// free reports whether nothing stands there, with a blank before and after.
func (c *canvas) free(row, column, length int) bool {
	for i := column - 1; i <= column+length; i++ {
		if c.at(row, i) != ' ' {
			return false
		}
	}
	return true
}
