package report

import (
	"bytes"
	"image/color"
	"maps"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a plot, and its colours, which can be told apart without seeing red or green.
const (
	plotWidth  = 16 * vg.Centimeter
	plotHeight = 8 * vg.Centimeter
)

var colours = []color.Color{
	color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	color.RGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
}

// draw makes an SVG; nil where there is nothing to draw yet.
func (r Results) draw(s section, g graph) ([]byte, error) {
	if !r.drawable(s, g) {
		return nil, nil
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = g.title, g.x, g.y
	p.BackgroundColor = color.White
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	add := r.addLines
	if g.steps {
		add = r.addSteps
	}
	if err := add(p, s, g); err != nil {
		return nil, err
	}
	canvas := vgsvg.New(plotWidth, plotHeight)
	p.Draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// drawable reports whether so much was measured that there is something to draw: two points of a line, or an outage.
func (r Results) drawable(s section, g graph) bool {
	if g.steps {
		return len(r.Cases[s.columns[0].name].Values) > 0
	}
	for _, l := range g.lines {
		points := 0
		for _, c := range s.columns {
			points += min(len(r.Cases[c.name].Values[l.metric]), 1)
		}
		if points > 1 {
			return true
		}
	}
	return false
}

// addLines draws a line for each metric over the columns that were measured.
func (r Results) addLines(p *plot.Plot, s section, g graph) error {
	p.Y.Min = 0
	for i, l := range g.lines {
		var points plotter.XYs
		for _, c := range s.columns {
			if values := r.Cases[c.name].Values[l.metric]; len(values) > 0 {
				points = append(points, plotter.XY{X: c.x, Y: Median(values)})
			}
		}
		if len(points) < 2 {
			continue
		}
		curve, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		curve.Color, dots.Color, dots.Shape = colours[i], colours[i], draw.CircleGlyph{}
		curve.Width = vg.Points(1.5)
		p.Add(curve, dots)
		p.Legend.Add(l.title, curve, dots)
	}
	// Room for the legend.
	p.Y.Max *= 1.35
	return nil
}

// addSteps stacks the steps of a downtime, for the operator and for the runbook.
func (r Results) addSteps(p *plot.Plot, s section, _ graph) error {
	values := r.Cases[s.columns[0].name].Values
	p.NominalX("operator", "runbook")
	p.Legend.Left = false
	var below *plotter.BarChart
	for i, l := range outage {
		bars, err := plotter.NewBarChart(plotter.Values{Median(values[OperatorPrefix+l.metric]), Median(values[RunbookPrefix+l.metric])}, 2*vg.Centimeter)
		if err != nil {
			return err
		}
		bars.Color, bars.LineStyle.Width = colours[i], 0
		if below != nil {
			bars.StackOn(below)
		}
		below = bars
		p.Add(bars)
		p.Legend.Add(l.title, bars)
	}
	p.X.Max = 2.6
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
