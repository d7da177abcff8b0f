// Package line makes one clean line of what others wrote — RDS, the API server, the owner of a workload — before
// it reaches a status or an event. In the log, zap escapes it.
package line

import (
	"strings"
	"unicode"
)

// Clean makes one line of the text: no control characters, none that turn or hide others, no invalid UTF-8, at
// most so many bytes. What is cut off shows as an ellipsis.
func Clean(text string, most int) string {
	if len(text) > 4*most {
		text = text[:4*most] // what follows is cut off anyway, and may be long
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		// Format characters (Cf) are invisible; among them are all that change the direction of the text.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most-len("…")], "") + "…"
	}
	return text
}
