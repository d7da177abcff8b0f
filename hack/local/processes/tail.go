package processes

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// longestLine is how much of a line is shown: what is in a stack trace's way to the reader is left out.
const longestLine = 300

// Tail returns the last lines of a file, at most as many as asked for, and cuts those that are very long. Empty when
// there is no such file.
func Tail(path string, lines int) string {
	file, err := os.Open(path) //nolint:gosec // the file that the caller names
	if err != nil {
		return ""
	}
	defer file.Close()
	const most = 64 << 10
	if info, err := file.Stat(); err == nil && info.Size() > most {
		if _, err := file.Seek(-most, io.SeekEnd); err != nil {
			return ""
		}
	}
	content, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return ""
	}
	content = bytes.TrimRight(content, "\n")
	start := len(content)
	for range lines {
		if start = bytes.LastIndexByte(content[:start], '\n'); start < 0 {
			break
		}
	}
	last := strings.Split(string(content[start+1:]), "\n")
	for i, line := range last {
		if len(line) > longestLine {
			last[i] = line[:longestLine] + " …"
		}
	}
	return strings.Join(last, "\n")
}
