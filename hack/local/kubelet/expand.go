package kubelet

import "strings"

// expand replaces $(NAME) by the value that lookup knows for NAME. An unknown name stays as it is written, and $$ is a
// dollar sign that begins nothing: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
func expand(text string, lookup func(name string) (string, bool)) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")")
		switch {
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "(") && closed:
			value, known := lookup(name)
			if !known {
				value = "$(" + name + ")"
			}
			out.WriteString(value)
			text = rest
		default:
			out.WriteByte('$')
			text = after
		}
	}
}

// lookupIn looks names up in a map.
func lookupIn(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, known := values[name]
		return value, known
	}
}
