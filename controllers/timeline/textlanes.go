package timeline

import (
	"fmt"
	"unicode/utf8"
)

// lane draws a stretch: its number, its bar and, to the right of it, what it is and how to get there. Nothing else is ever
// drawn to the right of a bar: what comes later starts later, and arrows come down from earlier times.
func (p *textPicture) lane(i int) {
	s := p.shown[i]
	row, below := p.row(), p.row()
	p.canvas.text(row, 0, fmt.Sprintf("%3d", s.Number), p.style(s, p.Now))
	from, to := p.barStart(s), p.column(s.End)
	for column := from; column <= to; column++ {
		st, r := p.style(s, p.Now), '━'
		if !s.Reachable || column < p.column(p.Earliest) && !p.Earliest.IsZero() {
			st, r = quiet, '╌'
		}
		p.set(row, column, r, st)
	}
	end := '┫'
	if s.End.Equal(p.Now) && s.Number == len(p.Stretches) {
		end = '●'
	}
	p.set(row, to, end, p.style(s, s.End))
	st := style{bold: true, colour: p.style(s, p.Now).colour}
	if !s.Reachable {
		st = quiet
	}
	heading := s.heading(true)
	if to+2+utf8.RuneCountInString(heading) > p.options.Width {
		heading = s.heading(false)
	}
	p.canvas.text(row, to+2, heading, st)
	if s.End.Equal(s.Start) && s.Number < len(p.Stretches) {
		p.canvas.text(below, to+2, "no time passed in it", quiet)
		return
	}
	p.canvas.text(below, to+2, p.way(s), style{dim: !s.Reachable})
}

// way says how to get to the end of a stretch.
func (p *textPicture) way(s Stretch) string {
	var text string
	switch {
	case s.GoTo != "":
		text = "--to " + s.GoTo
	case s.Number == len(p.Stretches):
		text = "the database is here"
	default:
		text = "out of reach"
	}
	if p.wide() && s.Parent != 0 {
		text += fmt.Sprintf(" · continues %d at %s", s.Parent, short(s.From, p.Now, p.options.Zone))
	}
	return text
}

// arrow draws how a stretch continues from its parent: down from there, and along its own lane to its start.
func (p *textPicture) arrow(i int) {
	s := p.shown[i]
	if s.Parent == 0 {
		return
	}
	row, start := p.laneRow(i), p.barStart(s)
	st := p.style(s, p.Now)
	if !s.Reachable {
		st = quiet
	}
	parent := p.selection.lane(s.Parent)
	if parent < 0 {
		p.canvas.text(row, start-3, "⋯─", st)
		p.set(row, start-1, '▶', st)
		return
	}
	from := p.column(s.From)
	if from < p.column(p.shown[parent].End) {
		p.set(p.laneRow(parent), from, crossing(p.at(p.laneRow(parent), from)), p.style(p.shown[parent], s.From))
	}
	for r := p.laneRow(parent) + 1; r < row; r++ {
		p.set(r, from, over(p.at(r, from), '│'), st)
	}
	p.set(row, from, '╰', st)
	for column := from + 1; column < start; column++ {
		p.set(row, column, over(p.at(row, column), '─'), st)
	}
	if start > from+1 {
		p.set(row, start-1, '▶', st)
	}
}

func crossing(r rune) rune {
	if r == '╌' {
		return '┼'
	}
	return '┿'
}

// over is what a line becomes where it crosses another one.
func over(there, line rune) rune {
	if (there == '╰' || there == '├') && line == '│' {
		return '├'
	}
	if there == '│' && line == '─' || there == '─' && line == '│' {
		return '┼'
	}
	return line
}

// windowEdge draws where the backtrack window begins, when something lies before it.
func (p *textPicture) windowEdge() {
	if p.Earliest.IsZero() || !p.Earliest.After(p.first()) {
		return
	}
	column := p.column(p.Earliest)
	for row := p.top; row < len(p.rows); row++ {
		if p.at(row, column) == ' ' {
			p.set(row, column, '┊', quiet)
		}
	}
}

// marks puts backtracks that started no stretch on the lane that was current.
func (p *textPicture) marks() {
	for _, b := range p.Others {
		lane := p.selection.lane(p.At(b.at()).Number)
		if b.at().IsZero() || lane < 0 || b.at().Before(p.first()) {
			continue
		}
		sign, colour := '◌', 33
		if b.State == Failed {
			sign, colour = '✗', 31
		}
		p.set(p.laneRow(lane), p.column(b.at()), sign, style{bold: true, colour: colour})
	}
}

// moments are a row of signs below the lanes, and a list.
func (p *textPicture) moments() {
	var visible []Moment
	for _, m := range p.Moments {
		if !m.At.Before(p.first()) {
			visible = append(visible, m)
		}
	}
	if len(visible) == 0 {
		return
	}
	row := p.row()
	for _, m := range visible {
		p.set(row, p.column(m.At), '◆', style{colour: 35})
	}
	p.row()
	for _, m := range visible {
		p.canvas.text(p.row(), 1, fmt.Sprintf("◆ %s  %s", short(m.At, p.Now, p.options.Zone), m.What), style{})
	}
}

// footnotes list what is not a stretch, and explain the signs that occur.
func (p *textPicture) footnotes() {
	if len(p.Stretches) > 1 || len(p.Others) > 0 {
		p.row()
	}
	for _, b := range p.Others {
		p.canvas.text(p.row(), 1, b.sentence(p.Now, p.options.Zone), style{})
	}
	if p.hidden() > 0 {
		p.canvas.text(p.row(), 1, p.hiddenNote(), quiet)
	}
	if len(p.Stretches) > 1 {
		p.canvas.text(p.row(), 1, p.howTo(), quiet)
	}
}
