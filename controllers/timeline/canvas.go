package timeline

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// style is how a cell of the terminal looks: a colour of its own and weight.
type style struct {
	colour int // 0: the terminal's own
	bold   bool
	dim    bool
}

type cell struct {
	r rune
	style
}

// canvas is a grid of characters.
type canvas struct {
	width int
	rows  [][]cell
}

// row adds a row.
func (c *canvas) row() int {
	c.rows = append(c.rows, nil)
	return len(c.rows) - 1
}

func (c *canvas) at(row, column int) rune {
	if column < 0 || column >= len(c.rows[row]) {
		return ' '
	}
	return c.rows[row][column].r
}

// set puts one character; outside the grid it does nothing.
func (c *canvas) set(row, column int, r rune, s style) {
	if column < 0 || column >= c.width || row >= len(c.rows) {
		return
	}
	for len(c.rows[row]) <= column {
		c.rows[row] = append(c.rows[row], cell{r: ' '})
	}
	c.rows[row][column] = cell{r, s}
}

// text writes from a column on, cut off with an ellipsis at the right edge.
func (c *canvas) text(row, column int, text string, s style) {
	room := c.width - column
	if utf8.RuneCountInString(text) > room {
		if room < 1 {
			return
		}
		text = string([]rune(text)[:room-1]) + "…"
	}
	for _, r := range text {
		c.set(row, column, r, s)
		column++
	}
}

// String gives the rows without trailing blanks; with colour, by ANSI's escape sequences.
func (c *canvas) string(colour bool) string {
	var out strings.Builder
	for _, row := range c.rows {
		end := len(row)
		for end > 0 && row[end-1].r == ' ' {
			end--
		}
		now := style{}
		for _, cell := range row[:end] {
			if colour && cell.style != now && cell.r != ' ' {
				out.WriteString(cell.escape())
				now = cell.style
			}
			out.WriteRune(cell.r)
		}
		if now != (style{}) {
			out.WriteString("\x1b[0m")
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (s style) escape() string {
	codes := "0"
	if s.bold {
		codes += ";1"
	}
	if s.dim {
		codes += ";2"
	}
	if s.colour != 0 {
		codes += ";" + strconv.Itoa(s.colour)
	}
	return "\x1b[" + codes + "m"
}

// plain has a look-alike in ASCII for every character that the picture is drawn with.
var plain = strings.NewReplacer("━", "=", "╌", ".", "┿", "+", "┼", "+", "│", "|", "┊", ":", "╷", ",", "╰", "`", "├", "+", "─", "-", "▶", ">",
	"┫", "]", "●", "*", "✗", "x", "◌", "~", "◆", "^", "·", "-", "…", "~", "⋯", ".", "↩", "<")
