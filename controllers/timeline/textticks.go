package timeline

import (
	"unicode/utf8"
)

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
