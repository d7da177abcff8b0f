package line

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"plain":            {"DB cluster x is busy.", "DB cluster x is busy."},
		"lines and tabs":   {" a\r\n\tb\x00c\x1b[31m ", "a b c [31m"},
		"C1 and DEL":       {"a\u0085b\x7fc", "a b c"},
		"line separators":  {"a\u2028b\u2029c", "a b c"},
		"bidi":             {"a\u202eb\u2066c\u200ed\u061ce", "a b c d e"},
		"hidden":           {"a\u200bb\ufeffc\u00add", "a b c d"},
		"tags":             {"a\U000e0041b", "a b"},
		"invalid UTF-8":    {"a\xff\xfeb", "ab"},
		"other scripts":    {"größer 数据库 база", "größer 数据库 база"},
		"100 kB":           {strings.Repeat("x", 100_000), strings.Repeat("x", 509) + "…"},
		"100 kB of blanks": {strings.Repeat(" ", 100_000) + "x", ""},
		"cut in a rune":    {strings.Repeat("€", 1000), strings.Repeat("€", 169) + "…"},
		"nothing but that": {"\x00\x01\u202e", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Clean(test.text, 512); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// FuzzClean: whatever comes in, one clean line comes out, and cleaning it again changes nothing.
func FuzzClean(f *testing.F) {
	f.Add("a\u202eb\n", 512)
	f.Add(strings.Repeat("€ ", 5000), 1024)
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most < 16 || most > 1<<16 {
			t.Skip("no length that anybody asks for")
		}
		got := Clean(text, most)
		odd := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
		if strings.ContainsFunc(got, odd) || !utf8.ValidString(got) || len(got) > most || Clean(got, most) != got {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
