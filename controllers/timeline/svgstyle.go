package timeline

import (
	"fmt"
	"strings"
)

// hues are the colours of the stretches, one after the other, on a light and on a dark ground.
var hues = []struct{ light, dark string }{
	{"#0969da", "#4493f8"}, {"#bc4c00", "#f0883e"}, {"#8250df", "#ab7df8"},
	{"#1a7f37", "#3fb950"}, {"#bf3989", "#db61a2"}, {"#1b7c83", "#39c5cf"},
}

// sheet is the style of the picture: light, and dark where the reader's system asks for it. It names its own ground, so
// that it is legible on any page.
func sheet() string {
	var css strings.Builder
	css.WriteString(`text{font:13px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}` +
		`.h{font-size:18px;font-weight:600}.n{font-weight:600}` +
		`.m{font:12px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}.t{font-size:12px}.k{font-size:12px;font-weight:600}` +
		`.a{fill:none;stroke-width:2}.halo{fill:none;stroke-width:7}.off{opacity:.45}` +
		`.grid{stroke-width:1;stroke-dasharray:2 4}.edge{stroke-width:1.5;stroke-dasharray:5 4}.x{fill:none;stroke-width:3}` +
		`.l{paint-order:stroke;stroke-width:5;stroke-linejoin:round}`)
	css.WriteString(palette("#ffffff", "#d1d9e0", "#f4f8fd", "#1f2328", "#59636e", "#c5ccd3", "#d1242f", "light"))
	css.WriteString("@media (prefers-color-scheme:dark){")
	css.WriteString(palette("#0d1117", "#3d444d", "#131c2b", "#f0f6fc", "#9198a1", "#3d444d", "#ff7b72", "dark"))
	css.WriteString("}")
	return css.String()
}

func palette(ground, border, window, ink, muted, grid, alarm, mode string) string {
	css := fmt.Sprintf(".g{fill:%s;stroke:%s}.w{fill:%s}text,.ink{fill:%s}.q{fill:%s}.grid{stroke:%s}.edge{stroke:%s}"+
		".halo{stroke:%s}.dot{fill:%s}.x{stroke:%s}.wait{stroke:%s}.l{stroke:%s}", ground, border, window, ink, muted, grid, muted, ground, ground, alarm, muted, window)
	for i, hue := range hues {
		colour := hue.light
		if mode == "dark" {
			colour = hue.dark
		}
		css += fmt.Sprintf(".f%d{fill:%s}.s%d{stroke:%s}", i, colour, i, colour)
	}
	return css
}
