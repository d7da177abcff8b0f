package verification

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

type log struct {
	text string
	err  error
}

func (l log) Tail(context.Context, string, string, string, int64) (string, error) {
	return l.text, l.err
}

// TestLastLines has what is shown of a log: its last lines, clean and short.
func TestLastLines(t *testing.T) {
	for name, test := range map[string]struct {
		log
		want string
	}{
		"a line":            {log{text: "3 orders have no customer\n"}, "; the last lines of its log: 3 orders have no customer"},
		"lines":             {log{text: "a\n\n  b  \nc"}, "; the last lines of its log: a | b | c"},
		"many lines":        {log{text: "1\n2\n3\n4\n5\n6\n7\n"}, "; the last lines of its log: 3 | 4 | 5 | 6 | 7"},
		"control sequences": {log{text: "\x1b[31mred\x1b[0m\u202egnorw\n"}, "; the last lines of its log: [31mred [0m gnorw"},
		"nothing":           {log{text: "\n \n"}, "; its log is empty"},
		"it can't be read":  {log{err: errors.New("dial tcp:\nno route")}, "; the log of pod pod can't be read: dial tcp: no route"},
	} {
		r := Runner{Logs: test.log}
		if got := r.lastLines(t.Context(), "game", "pod", "check"); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestLongLog(t *testing.T) {
	for name, text := range map[string]string{
		"one long line":     strings.Repeat("ä", 5000) + "\n",
		"some long lines":   strings.Repeat(strings.Repeat("x", 400)+"\n", 5),
		"the last is short": strings.Repeat("x", 5000) + "\nwrong\n",
	} {
		got := newest(text)
		if len(got) > longestLog || !utf8.ValidString(got) || got == "" {
			t.Errorf("%s: %d bytes are shown: %q", name, len(got), got)
		}
	}
	if got := newest(strings.Repeat("x", 5000) + "\nwrong\n"); !strings.HasSuffix(got, "wrong") {
		t.Errorf("what came last is not shown: %q", got)
	}
}
