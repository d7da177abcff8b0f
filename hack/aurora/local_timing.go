package aurora

import (
	"fmt"
	"net/http"
	"time"
)

// timingField is one of the durations of a Timing, as people write it: "1.5s".
type timingField struct {
	name string
	of   func(*Timing) *time.Duration
}

var timingFields = []timingField{
	{"unlisted", func(t *Timing) *time.Duration { return &t.Unlisted }},
	{"pending", func(t *Timing) *time.Duration { return &t.Pending }},
	{"backtracking", func(t *Timing) *time.Duration { return &t.Backtracking }},
	{"statusLag", func(t *Timing) *time.Duration { return &t.StatusLag }},
	{"lifecycle", func(t *Timing) *time.Duration { return &t.Lifecycle }},
	{"copying", func(t *Timing) *time.Duration { return &t.Copying }},
}

func (s *Server) timing() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.opts.Timing
	written := map[string]string{}
	for _, field := range timingFields {
		written[field.name] = field.of(&t).String()
	}
	return written
}

// putTiming changes the timing: first to a preset, if one is named, then what
// is written beside it. What is absent stays.
func (s *Server) putTiming(r *http.Request) error {
	written := map[string]string{}
	if err := decode(r, &written); err != nil {
		return err
	}
	s.mu.Lock()
	t := s.opts.Timing
	s.mu.Unlock()
	if name, ok := written["preset"]; ok {
		preset, err := TimingPreset(name)
		if err != nil {
			return err
		}
		t = preset
		delete(written, "preset")
	}
	for _, field := range timingFields {
		text, ok := written[field.name]
		if !ok {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("%s %q: write a duration such as 1.5s", field.name, text)
		}
		*field.of(&t) = d
		delete(written, field.name)
	}
	for name := range written {
		return fmt.Errorf("unknown timing %q", name)
	}
	s.SetTiming(t)
	return nil
}
