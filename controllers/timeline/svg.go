package timeline

import (
	"io"
	"time"
)

// SVGOptions say how a timeline is drawn as an SVG.
type SVGOptions struct {
	// Most is how many stretches are drawn; 0 means all.
	Most int
	// Zone is the zone of the clock times shown; UTC if nil. Times to type are always in UTC.
	Zone *time.Location
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
