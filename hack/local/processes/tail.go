package processes

import (
	"bytes"
	"io"
	"os"
)

// Tail returns the last lines of a file, at most as many as asked for and at most 64 KiB. Empty when there is none.
func Tail(path string, lines int) string {
	file, err := os.Open(path)
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
			return string(content)
		}
	}
	return string(content[start+1:])
}
