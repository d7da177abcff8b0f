package aurora

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxListed bounds every list in a request: far above what any call may send,
// far below what would cost anything.
const maxListed = 1000

// params are the parameters of one call in the AWS Query form, where a list
// is Name.Member.1, Name.Member.2, …
type params struct{ url.Values }

// filter is one of a call's Filters: any of the values will do.
type filter struct {
	name   string
	values []string
}

func (f filter) accepts(value string) bool {
	return slices.ContainsFunc(f.values, func(v string) bool { return strings.EqualFold(v, value) })
}

// required is a parameter that must be there.
func (p params) required(name string) (string, error) {
	if v := p.Get(name); v != "" {
		return v, nil
	}
	return "", fail(codeMissingParameter, "The request must contain the parameter %s.", name)
}

// integer is a whole number, or fallback when the parameter is not there.
func (p params) integer(name string, fallback int64) (int64, error) {
	v := p.Get(name)
	if v == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, fail(codeInvalidParameter, "Invalid value %q for %s: it must be a whole number.", v, name)
	}
	return n, nil
}

// boolean is true or false, and false when the parameter is not there.
func (p params) boolean(name string) (bool, error) {
	switch v := p.Get(name); v {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, fail(codeInvalidParameter, "Invalid value %q for %s: it must be true or false.", v, name)
	}
}

// timeLayouts are the forms of ISO 8601 that are taken; without a zone it is
// UTC. The second has no seconds: AWS's documentation gives 2017-07-08T18:00Z.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04"}

// time is a time, zero when the parameter is not there.
func (p params) time(name string) (time.Time, error) {
	v := p.Get(name)
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, v); err == nil {
			return milliseconds(t), nil
		}
	}
	return time.Time{}, fail(codeInvalidParameter,
		"Invalid value %q for %s: it must be an ISO 8601 time such as 2017-07-08T18:00:00Z.", v, name)
}

// list is a list of values, under its member name or the general "member".
func (p params) list(name, member string) ([]string, error) {
	var values []string
	for n := 1; ; n++ {
		v, ok := p.at(name, member, n, "")
		if !ok {
			return values, nil
		}
		if n > maxListed {
			return nil, fail(codeInvalidParameter, "%s has more than %d members.", name, maxListed)
		}
		values = append(values, v)
	}
}

func (p params) at(name, member string, n int, rest string) (string, bool) {
	for _, m := range []string{member, "member"} {
		if values, ok := p.Values[fmt.Sprintf("%s.%s.%d%s", name, m, n, rest)]; ok {
			return values[0], true
		}
	}
	return "", false
}

// tags are the Tags of a call.
func (p params) tags() ([]Tag, error) {
	var tags []Tag
	for n := 1; ; n++ {
		key, ok := p.at("Tags", "Tag", n, ".Key")
		if !ok {
			return tags, nil
		}
		value, _ := p.at("Tags", "Tag", n, ".Value")
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
		if tags = setTag(tags, Tag{key, value}); len(tags) > maxTags {
			return nil, tooManyTags()
		}
	}
}

// filters are the Filters of a call, each of which must be one of known.
func (p params) filters(known ...string) ([]filter, error) {
	var filters []filter
	for n := 1; n <= maxListed; n++ {
		prefix := "Filters.Filter"
		name, ok := p.at("Filters", "Filter", n, ".Name")
		if !ok {
			break
		}
		if _, general := p.Values[fmt.Sprintf("Filters.member.%d.Name", n)]; general {
			prefix = "Filters.member"
		}
		if !slices.Contains(known, name) {
			return nil, fail(codeInvalidParameter, "Unrecognized filter name: %s. Known here: %s.",
				name, strings.Join(known, ", "))
		}
		values, err := p.list(fmt.Sprintf("%s.%d.Values", prefix, n), "Value")
		if err != nil {
			return nil, err
		}
		if len(values) > maxFilterValues && name == "db-cluster-id" {
			return nil, fail(codeInvalidCombination, "Only up to %d unique filter DB Cluster Identifiers can be specified.", maxFilterValues)
		}
		if len(values) == 0 || len(values) > maxFilterValues {
			return nil, fail(codeInvalidParameter, "Filter %s must have 1 to %d values, not %d.",
				name, maxFilterValues, len(values))
		}
		filters = append(filters, filter{name, values})
	}
	return filters, nil
}
