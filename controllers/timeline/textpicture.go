package timeline

import (
	"time"
)

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

// barStart is the column where the bar of a stretch begins.
func (p *textPicture) barStart(s Stretch) int {
	if s.Parent == 0 {
		return p.column(s.Start)
	}
	return min(p.column(s.Start)+inset, max(p.column(s.End), p.column(s.Start)))
}

// laneRow is the row of the bar of a lane. Each has two rows, and they are the last ones so far.
func (p *textPicture) laneRow(i int) int { return p.top + 2*i }
