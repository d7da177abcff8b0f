package timeline

import (
	"fmt"
	"unicode/utf8"
)

// lane draws a stretch: its number, its bar and, to the right of it, what it is and how to get there.
func (p *svgPicture) lane(i int) {
	s, y := p.shown[i], laneY(i)
	p.printf("<g><title>%s</title>\n", escape(p.words(s)))
	p.printf(`<text class="n q" text-anchor="end" x="%.1f" y="%.1f">%d</text>`+"\n", svgLeft-20, y+5, s.Number)
	from := p.barStart(s)
	to := max(p.x(s.End), from+3)
	edge := from
	switch {
	case !s.Reachable:
		edge = to
	case p.Earliest.After(s.Start):
		edge = p.x(p.Earliest)
	}
	bar := func(from, to float64, class string) {
		if to > from {
			p.printf(`<rect class="f%d%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`+"\n", hue(s), class, from, y-svgBar/2, to-from, svgBar, min(4, (to-from)/2))
		}
	}
	bar(from, edge, " off")
	bar(edge, to, "")
	if s.Number == len(p.Stretches) {
		p.printf(`<circle class="f%d" cx="%.1f" cy="%.1f" r="10"/>`+"\n", hue(s), to, y)
		p.printf(`<circle class="dot" cx="%.1f" cy="%.1f" r="4"/>`+"\n", to, y)
		to += 6
	}
	p.label(s, to+12, y)
	p.printf("</g>\n")
}

// label stands to the right of a bar.
func (p *svgPicture) label(s Stretch, x, y float64) {
	room := int((svgWidth - svgPadding - x) / charWidth)
	name := cut(s.heading(false), room)
	p.printf(`<text class="l" x="%.1f" y="%.1f"><tspan class="n">%s</tspan>`, x, y-3, escape(name))
	if b := s.Backtrack; b != nil && b.Requester != "" {
		if left := room - utf8.RuneCountInString(name) - 4; left >= 8 {
			p.printf(`<tspan class="q" dx="6">by %s</tspan>`, escape(cut(b.Requester, left)))
		}
	}
	p.printf("</text>\n")
	switch {
	case s.GoTo != "":
		p.write(x, y+14, "m l", "--to "+s.GoTo)
	case s.Number == len(p.Stretches):
		p.write(x, y+14, "t q l", "the database is here")
	case s.Reachable:
		p.write(x, y+14, "t q l", "no time passed in it")
	default:
		p.write(x, y+14, "t q l", "out of reach")
	}
}

// arrow draws how a stretch continues from its parent: down from there, and along its own lane to its start.
func (p *svgPicture) arrow(i int) {
	s := p.shown[i]
	if s.Parent == 0 {
		return
	}
	y, start := laneY(i), p.barStart(s)-2
	path := fmt.Sprintf("M%.1f %.1fH%.1f", start-26, y, start-6)
	off := ""
	if !s.Reachable {
		off = " off"
	}
	if parent := p.selection.lane(s.Parent); parent >= 0 {
		from := p.x(s.From)
		corner := max(0, min(svgCorner, start-6-from))
		path = fmt.Sprintf("M%.1f %.1fV%.1fQ%.1f %.1f %.1f %.1fH%.1f", from, laneY(parent), y-corner, from, y, from+corner, y, max(start-6, from+corner))
	}
	p.printf(`<path class="halo" d="%s"/>`+"\n", path)
	p.printf(`<path class="a s%d%s" d="%s"/>`+"\n", hue(s), off, path)
	p.printf(`<path class="f%d%s" d="M%.1f %.1fl-9 -5v10z"/>`+"\n", hue(s), off, start, y)
}

// dots mark on the parents from where the arrows leave.
func (p *svgPicture) dots() {
	for _, s := range p.shown {
		parent := p.selection.lane(s.Parent)
		if s.Parent == 0 || parent < 0 {
			continue
		}
		p.printf(`<circle class="dot s%d" stroke-width="2.5" cx="%.1f" cy="%.1f" r="4.5"/>`+"\n", hue(s), p.x(s.From), laneY(parent))
	}
}

// marks puts backtracks that started no stretch on the lane that was current.
func (p *svgPicture) marks() {
	for _, b := range p.Others {
		lane := p.selection.lane(p.At(b.at()).Number)
		if b.at().IsZero() || lane < 0 || b.at().Before(p.first()) {
			continue
		}
		x, y := p.x(b.at()), laneY(lane)
		p.printf(`<circle class="g" cx="%.1f" cy="%.1f" r="10"/>`, x, y)
		if b.State == Failed {
			p.printf(`<path class="x" d="M%.1f %.1fl8 8m0 -8l-8 8"/>`+"\n", x-4, y-4)
		} else {
			p.printf(`<circle class="a wait" stroke-dasharray="3 3" cx="%.1f" cy="%.1f" r="5"/>`+"\n", x, y)
		}
	}
}
