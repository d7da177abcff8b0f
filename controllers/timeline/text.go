package timeline

import (
	"io"
	"time"
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

func (p *textPicture) heading() {
	row := p.row()
	p.text(row, 0, p.title(), strong)
	p.text(p.row(), 0, p.subtitle(p.options.Zone), quiet)
	p.row()
}
