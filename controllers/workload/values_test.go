package workload

import (
	"strconv"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// less compares resource versions, which only grow on one API server.
func less(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func toAny(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}
