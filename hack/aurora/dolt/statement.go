package dolt

import (
	"strings"
)

// kind is what a statement means for the locks.
type kind int

const (
	reads    kind = iota // changes nothing and waits for nobody
	begins               // begins a transaction, and ends one under way
	commits              // ends a transaction under way
	controls             // rolls back, or sets something
	locksRow             // reads what nobody else may then change
	writes
)

// kinds are the kinds of statements by their first word. Every other word is
// one of a write.
var kinds = map[string]kind{
	"SELECT": reads, "SHOW": reads, "DESC": reads, "DESCRIBE": reads, "EXPLAIN": reads, "USE": reads, "HELP": reads,
	"KILL": reads, "VALUES": reads, "TABLE": reads, "WITH": reads,
	"BEGIN": begins, "START": begins,
	"COMMIT": commits, "ROLLBACK": controls, "SET": controls, "RELEASE": controls,
}

// kindOf is the kind of the first statement of a text. A savepoint counts as a
// write: it must belong to the transaction that the write lock begins anew.
func kindOf(text string) kind {
	words := strings.ToUpper(bare(text))
	first := words
	if n := strings.IndexFunc(words, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' }); n >= 0 {
		first = words[:n]
	}
	found, known := kinds[first]
	switch {
	case !known:
		return writes
	case first == "WITH" && containsAny(words, "UPDATE", "DELETE", "INSERT", "REPLACE"):
		return writes
	case found == reads && containsAny(words, "FOR UPDATE", "FOR SHARE", "LOCK IN SHARE MODE"):
		return locksRow
	}
	return found
}

func containsAny(text string, words ...string) bool {
	spaced := strings.Join(strings.Fields(text), " ")
	for _, word := range words {
		if strings.Contains(spaced, word) {
			return true
		}
	}
	return false
}

// bare is a text without the spaces, comments and parentheses that it begins
// with. What a comment with a version number holds is a statement.
func bare(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n(;")
		switch {
		case strings.HasPrefix(text, "/*!"):
			text = strings.TrimLeft(text[3:], "0123456789")
		case strings.HasPrefix(text, "/*"):
			_, rest, _ := strings.Cut(text, "*/")
			text = rest
		case strings.HasPrefix(text, "-- "), strings.HasPrefix(text, "--\t"), strings.HasPrefix(text, "#"):
			_, rest, _ := strings.Cut(text, "\n")
			text = rest
		default:
			return text
		}
	}
}
