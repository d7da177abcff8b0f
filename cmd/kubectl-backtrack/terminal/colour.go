package terminal

import "fmt"

// The colours and weights that are used, as codes of ANSI's.
const (
	Bold   = 1
	Faint  = 2
	Red    = 31
	Green  = 32
	Yellow = 33
)

// Coloured reports whether the output is to have colours: --color, else NO_COLOR, else whether it is a terminal.
func (t *Terminal) Coloured() bool {
	switch t.Colour {
	case "always":
		return true
	case "never":
		return false
	}
	return t.Environ("NO_COLOR") == "" && t.Environ("TERM") != "dumb" && t.Interactive(t.Out)
}

// Paint gives the text a colour, where there are colours.
func (t *Terminal) Paint(code int, text string) string {
	if !t.Coloured() {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, text)
}

// Sign is the character, or its stand-in where there are none but ASCII's.
func (t *Terminal) Sign(character, ascii string) string {
	if t.ASCII() {
		return ascii
	}
	return character
}
