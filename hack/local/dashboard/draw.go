package dashboard

import (
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The size of one cell of Grafana's grid, in pixels.
const (
	cellWidth, cellHeight = 60, 34
	margin                = 4
)

var colours = []string{"#73bf69", "#5794f2", "#f2cc0c", "#ff780a", "#e02f44", "#b877d9", "#37872d", "#8ab8ff", "#fade2a", "#c15c17"}

// draw gives a page with the panels where Grafana would put them.
func draw(board dashboard, drawn map[int][]series) string {
	page := &strings.Builder{}
	fmt.Fprintf(page, `<!DOCTYPE html><meta charset="utf-8"><title>%s</title><style>
body{background:#111217;color:#ccccdc;font:12px sans-serif;margin:0}
div{position:absolute;box-sizing:border-box;background:#181b1f;border:1px solid #2c3038;overflow:hidden;padding:4px}
.row{background:none;border:none;font-weight:bold;font-size:15px} h3{margin:0 0 2px;font-size:12px} .big{font-size:26px;text-align:center;padding-top:12px}
table{width:100%%;border-collapse:collapse} td,th{text-align:left;padding:3px;border-bottom:1px solid #2c3038} .legend{font-size:10px} i{font-style:normal}
</style>`, html.EscapeString(board.Title))
	for _, p := range board.Panels {
		class, body := "", fmt.Sprintf("<h3>%s</h3>", html.EscapeString(p.Title))
		switch p.Type {
		case "row":
			class, body = ` class="row"`, html.EscapeString(p.Title)
		case "stat":
			body += number(p, drawn[p.ID])
		case "table":
			body += table(drawn[p.ID])
		default:
			body += lines(p, drawn[p.ID])
		}
		fmt.Fprintf(page, `<div%s style="left:%dpx;top:%dpx;width:%dpx;height:%dpx">%s</div>`+"\n", class,
			p.GridPos.X*cellWidth, p.GridPos.Y*cellHeight, p.GridPos.W*cellWidth-margin, p.GridPos.H*cellHeight-margin, body)
	}
	return page.String()
}

func number(p panel, found []series) string {
	text := "No data"
	if len(found) > 0 {
		if _, values := found[0].points(); len(values) > 0 {
			text = format(p.FieldConfig.Defaults.Unit, values[len(values)-1])
		}
	}
	return `<p class="big">` + text + `</p>`
}

// table joins the series of its queries by AuroraCluster, one column a query.
func table(found []series) string {
	columns, rows := []string{}, map[string]map[string]string{}
	for _, s := range found {
		if !slices.Contains(columns, s.name) {
			columns = append(columns, s.name)
		}
		of := s.Metric["auroracluster"]
		if rows[of] == nil {
			rows[of] = map[string]string{}
		}
		if _, values := s.points(); len(values) > 0 {
			rows[of][s.name] = cell(s.name, values[len(values)-1])
		}
	}
	text := &strings.Builder{}
	fmt.Fprintf(text, "<table><tr><th>AuroraCluster</th><th>%s</th></tr>", strings.Join(columns, "</th><th>"))
	for _, of := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(text, "<tr><td>%s</td>", html.EscapeString(of))
		for _, column := range columns {
			fmt.Fprintf(text, "<td>%s</td>", rows[of][column])
		}
		text.WriteString("</tr>")
	}
	return text.String() + "</table>"
}

// cell is a value of the table: Grafana has the units in the overrides of the panel.
func cell(column string, value float64) string {
	switch column {
	case "earliest":
		return time.UnixMilli(int64(value)).UTC().Format(time.RFC3339)
	case "target", "actual":
		return format("s", value)
	}
	return format("none", value)
}

// lines is a graph of the series over time, with a legend.
func lines(p panel, found []series) string {
	from, to, top := math.Inf(1), math.Inf(-1), 0.0
	for _, s := range found {
		times, values := s.points()
		for i := range times {
			if !math.IsNaN(values[i]) {
				from, to, top = min(from, times[i]), max(to, times[i]), max(top, values[i])
			}
		}
	}
	if to <= from {
		to = from + 1
	}
	if top == 0 {
		top = 1
	}
	width, height := float64(p.GridPos.W*cellWidth-margin-70), float64(p.GridPos.H*cellHeight-90)
	text := &strings.Builder{}
	fmt.Fprintf(text, `<svg width="%.0f" height="%.0f">`, width+60, height+12)
	for _, share := range []float64{0, 0.5, 1} {
		y := 6 + height*(1-share)
		fmt.Fprintf(text, `<line x1="54" x2="%.0f" y1="%.0f" y2="%.0f" stroke="#2c3038"/>`, 54+width, y, y)
		fmt.Fprintf(text, `<text x="50" y="%.0f" fill="#9fa7b3" font-size="10" text-anchor="end">%s</text>`, y+3, format(p.FieldConfig.Defaults.Unit, top*share))
	}
	for n, s := range found {
		var points []string
		times, values := s.points()
		for i := range times {
			if !math.IsNaN(values[i]) {
				points = append(points, fmt.Sprintf("%.1f,%.1f", 54+width*(times[i]-from)/(to-from), 6+height*(1-values[i]/top)))
			}
		}
		fmt.Fprintf(text, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`, colours[n%len(colours)], strings.Join(points, " "))
	}
	text.WriteString(`</svg><br><span class="legend">`)
	for n, s := range found {
		fmt.Fprintf(text, `<i style="color:%s">&#9644;</i> %s &nbsp; `, colours[n%len(colours)], html.EscapeString(s.name))
	}
	return text.String() + "</span>"
}

// format is a value in the panel's unit.
func format(unit string, value float64) string {
	switch unit {
	case "s":
		if value < 1 {
			return fmt.Sprintf("%.0f ms", value*1000)
		}
		return time.Duration(value * float64(time.Second)).Round(time.Second / 10).String()
	case "percentunit":
		return fmt.Sprintf("%.0f%%", value*100)
	case "bytes":
		return fmt.Sprintf("%.0f MiB", value/(1<<20))
	case "reqps":
		return fmt.Sprintf("%.2f req/s", value)
	case "ops":
		return fmt.Sprintf("%.2f ops/s", value)
	}
	return strconv.FormatFloat(value, 'g', 4, 64)
}
