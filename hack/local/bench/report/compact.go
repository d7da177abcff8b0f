package report

import "regexp"

// list is a JSON list of numbers that json.MarshalIndent has spread over many lines.
var list = regexp.MustCompile(`\[\s+([-0-9.e,\s]+?)\s+\]`)

var space = regexp.MustCompile(`\s+`)

// compact puts every list of numbers on one line, so that a run changes few lines.
func compact(content []byte) []byte {
	content = list.ReplaceAllFunc(content, func(found []byte) []byte {
		numbers := list.FindSubmatch(found)[1]
		return append(append([]byte{'['}, space.ReplaceAll(numbers, []byte(" "))...), ']')
	})
	return append(content, '\n')
}
