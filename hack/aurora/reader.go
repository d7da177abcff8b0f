package aurora

// reader reads several parameters of a call into fields, each of which keeps
// its value when the parameter is not there. The first error stays.
type reader struct {
	*call
	err error
}

func (c *call) reader() *reader { return &reader{call: c} }

// must reads a parameter that has to be there.
func (r *reader) must(into *string, name string) {
	value, err := r.required(name)
	r.keep(err)
	if err == nil {
		*into = value
	}
}

func (r *reader) text(into *string, name string) {
	if value := r.Get(name); value != "" {
		*into = value
	}
}

func (r *reader) flag(into *bool, name string) {
	if !r.Has(name) {
		return
	}
	value, err := r.boolean(name)
	r.keep(err)
	*into = value
}

// number reads a whole number between two bounds.
func (r *reader) number(into *int64, name string, least, most int64) {
	value, err := r.integer(name, *into)
	r.keep(err)
	if err == nil && r.Has(name) && (value < least || value > most) {
		r.keep(fail(codeInvalidParameter, "Invalid value %d for %s: it must be %d to %d.", value, name, least, most))
	}
	*into = value
}

func (r *reader) names(into *[]string, name, member string) {
	values, err := r.list(name, member)
	r.keep(err)
	if len(values) > 0 {
		*into = values
	}
}

func (r *reader) tagsInto(into *[]Tag) {
	tags, err := r.tags()
	r.keep(err)
	if len(tags) > 0 {
		*into = tags
	}
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}
