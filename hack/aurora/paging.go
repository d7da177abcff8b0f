package aurora

import (
	"encoding/base64"
	"strings"
)

// Bounds of RDS's lists.
const (
	minRecords      = 20
	maxRecords      = 100
	maxFilterValues = 100
)

// page cuts one page out of items, and returns the marker of the next one. A
// marker names the last item given out, so that pages hold together while
// items come and go; the items must be in the order of their keys.
func page[T any](p params, items []T, key func(T) string) ([]T, string, error) {
	limit, err := p.integer("MaxRecords", maxRecords)
	if err != nil {
		return nil, "", err
	}
	if limit < minRecords || limit > maxRecords {
		return nil, "", fail(codeInvalidParameter,
			"Invalid value %d for MaxRecords. Must be between %d and %d.", limit, minRecords, maxRecords)
	}
	start, err := after(p.Get("Marker"), items, key)
	if err != nil {
		return nil, "", err
	}
	items = items[start:]
	if int64(len(items)) <= limit {
		return items, "", nil
	}
	items = items[:limit]
	return items, encodeMarker(key(items[limit-1])), nil
}

// after is where the items behind a marker begin.
func after[T any](marker string, items []T, key func(T) string) (int, error) {
	if marker == "" {
		return 0, nil
	}
	invalid := fail(codeInvalidParameter, "The marker %q is not one that was given out.", marker)
	data, err := base64.RawURLEncoding.DecodeString(marker)
	if err != nil {
		return 0, invalid
	}
	last, ok := strings.CutPrefix(string(data), markerPrefix)
	if !ok {
		return 0, invalid
	}
	for i, item := range items {
		if key(item) > last {
			return i, nil
		}
	}
	return len(items), nil
}

const markerPrefix = "after:"

func encodeMarker(last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(markerPrefix + last))
}
