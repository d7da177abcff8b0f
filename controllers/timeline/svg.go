package timeline

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// SVGOptions say how a timeline is drawn as an SVG.
type SVGOptions struct {
	// Most is how many stretches are drawn; 0 means all.
	Most int
	// Zone is the zone of the clock times shown; UTC if nil. Times to type are always in UTC.
	Zone *time.Location
}

// The measures of the picture, in its own units.
const (
	svgWidth   = 1040.0
	svgLeft    = 68.0  // where the bars begin
	svgLabels  = 346.0 // what is kept free to the right of the bars
	svgTop     = 136.0 // the middle of the first lane
	svgLane    = 56.0
	svgBar     = 14.0
	svgCorner  = 14.0
	svgPadding = 28.0
	svgNearest = 28.0 // between two times, where there is room
	svgInset   = 14.0 // by which a bar begins late, so that an arrow from the end of the one before passes
	charWidth  = 7.4  // an average character at 13px
)

// svgPicture is a timeline on its way to an SVG.
type svgPicture struct {
	selection
	axis
	strings.Builder
	zone *time.Location
}

// SVG writes the timeline as a picture of its own: no script, no fonts or images from elsewhere, a title and a
// description for those who do not see it.
func (t *Timeline) SVG(w io.Writer, o SVGOptions) error {
	p := &svgPicture{selection: t.choose(o.Most), zone: o.Zone}
	if p.zone == nil {
		p.zone = time.UTC
	}
	ticks := p.ticks()
	p.axis = newAxis(ticks, svgWidth-svgLeft-svgLabels, svgNearest)
	notes := p.notes()
	lanes := svgTop + svgLane*float64(len(p.shown)-1)
	bottom := lanes + 44
	height := bottom + 8
	if len(p.visibleMoments()) > 0 {
		height += 22
	}
	height += 20 * float64(len(notes))
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-labelledby="title desc">`+"\n",
		svgWidth, height, svgWidth, height)
	p.printf("<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>%s</style>\n", escape(p.title()), escape(p.description()), sheet())
	p.printf(`<rect class="g" x="0.5" y="0.5" width="%.0f" height="%.0f" rx="10"/>`+"\n", svgWidth-1, height-1)
	p.frame(bottom)
	p.gridLines(ticks, bottom)
	for i := len(p.shown) - 1; i >= 0; i-- {
		p.arrow(i)
	}
	for i := range p.shown {
		p.lane(i)
	}
	p.dots()
	p.tickLabels(ticks)
	p.marks()
	p.moments(bottom)
	for i, note := range notes {
		p.write(svgPadding, height-14-20*float64(len(notes)-1-i), "t q", note)
	}
	p.printf("</svg>\n")
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *svgPicture) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// write puts a line of text.
func (p *svgPicture) write(x, y float64, class, text string) {
	p.printf(`<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, escape(text))
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // writing to memory does not fail
	return out.String()
}

func (p *svgPicture) x(at time.Time) float64 { return svgLeft + p.place(at) }

// barStart is where the bar of a stretch begins.
func (p *svgPicture) barStart(s Stretch) float64 {
	if s.Parent == 0 {
		return p.x(s.Start)
	}
	return min(p.x(s.Start)+svgInset, max(p.x(s.End)-3, p.x(s.Start)))
}

func laneY(i int) float64 { return svgTop + svgLane*float64(i) }

func hue(s Stretch) int { return (s.Number - 1) % len(hues) }

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
