package timeline

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// frame is what stands behind the lanes: the headline and the backtrack window.
func (p *svgPicture) frame(bottom float64) {
	p.write(svgPadding, 36, "h", p.title())
	p.write(svgPadding, 58, "q", p.subtitle(p.zone))
	from := p.x(p.first())
	if p.Earliest.After(p.first()) {
		from = p.x(p.Earliest)
	}
	p.printf(`<rect class="w" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>`+"\n", from, svgTop-24, p.x(p.Now)-from, bottom-svgTop+18)
	if p.Earliest.After(p.first()) {
		p.printf(`<line class="edge" x1="%[1]s" x2="%[1]s" y1="%.1f" y2="%.1f"/>`+"\n", fmt.Sprintf("%.1f", from), svgTop-24, bottom-6)
	}
}

// gridLines stand under each time that the picture is about.
func (p *svgPicture) gridLines(ticks []tick, bottom float64) {
	for _, t := range ticks {
		p.printf(`<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", p.x(t.at), p.x(t.at), svgTop-30, bottom-6)
	}
}

// interval is a piece of a row that is taken.
type interval struct{ from, to float64 }

// tickLabels writes the times above the picture, in two rows, the more important ones first.
func (p *svgPicture) tickLabels(ticks []tick) {
	clock := newClock(ticks, p.zone)
	labels := make([]string, len(ticks))
	for i, t := range ticks {
		labels[i] = strings.TrimSpace(clock.label(t) + " " + t.name)
	}
	var rows [2][]interval
	for rank := rankEdge; rank <= rankFirst; rank++ {
		for i, t := range ticks {
			if t.rank != rank {
				continue
			}
			half := float64(utf8.RuneCountInString(labels[i])) * 7 / 2
			middle := max(p.x(t.at), svgPadding+half)
			for row := range rows {
				if slices.ContainsFunc(rows[row], func(other interval) bool { return middle-half <= other.to+8 && middle+half >= other.from-8 }) {
					continue
				}
				rows[row] = append(rows[row], interval{middle - half, middle + half})
				p.printf(`<text class="%s" text-anchor="middle" x="%.1f" y="%.1f">%s</text>`+"\n", t.class(), middle, svgTop-36-16*float64(row), escape(labels[i]))
				break
			}
		}
	}
}

// class is how the tick's label is written.
func (t tick) class() string {
	if t.rank == rankEdge {
		return "k"
	}
	return "t q"
}
