package command

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// stamp writes a time in UTC, in the zone of the person where that is another one, and with its distance.
func (s *Session) stamp(at time.Time) string {
	text := timeline.Typed(at)
	local := at.In(s.Zone)
	if _, offset := local.Zone(); offset != 0 {
		text += local.Format(" (2006-01-02 15:04:05 MST)")
	}
	return text + ", " + s.ago(at)
}

// ago is a time's distance from now.
func (s *Session) ago(at time.Time) string {
	d := s.now().Sub(at)
	if d < 0 {
		return "in " + timeline.Length(-d)
	}
	return timeline.Length(d) + " ago"
}

// seen is when an event was last seen.
func seen(e corev1.Event) metav1.Time {
	switch {
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp
	case !e.EventTime.IsZero():
		return metav1.NewTime(e.EventTime.Time)
	}
	return e.CreationTimestamp
}
