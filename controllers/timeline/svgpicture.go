package timeline

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

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

func cut(text string, room int) string {
	if utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:max(room-1, 0)]) + "…"
}

func (p *svgPicture) visibleMoments() []Moment {
	var visible []Moment
	for _, m := range p.Moments {
		if !m.At.Before(p.first()) {
			visible = append(visible, m)
		}
	}
	return visible
}
