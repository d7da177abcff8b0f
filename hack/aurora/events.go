package aurora

import (
	"fmt"
	"slices"
	"time"
)

const (
	// maxEvents bounds the events kept; RDS keeps 14 days of them.
	maxEvents      = 10_000
	maxEventAge    = 14 * 24 * time.Hour
	sourceCluster  = "db-cluster"
	sourceInstance = "db-instance"
	defaultMinutes = 60
)

type event struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	// SourceType is db-cluster, or empty for the same, or db-instance.
	SourceType string   `json:"sourceType,omitempty"`
	ARN        string   `json:"arn"`
	AccountID  string   `json:"accountId"`
	Region     string   `json:"region"`
	Categories []string `json:"categories"`
	Message    string   `json:"message"`
	Number     uint64   `json:"number"`
}

type eventShape struct {
	SourceIdentifier string
	SourceType       string
	Message          string
	EventCategories  []string `xml:"EventCategories>EventCategory"`
	Date             string
	SourceArn        string
}

// event adds an event of a cluster. The words are the stand-in's own.
func (s *Server) event(c *Cluster, at time.Time, category, message string) {
	s.tell(event{At: at, Source: c.Identifier, SourceType: sourceCluster, ARN: c.ARN(), AccountID: c.AccountID, Region: c.Region,
		Categories: []string{category}, Message: message})
}

// instanceEvent adds an event of an instance.
func (s *Server) instanceEvent(i *Instance, at time.Time, category, message string) {
	s.tell(event{At: at, Source: i.Identifier, SourceType: sourceInstance, ARN: i.ARN(), AccountID: i.AccountID, Region: i.Region,
		Categories: []string{category}, Message: message})
}

func (s *Server) tell(e event) {
	s.state.NextID++
	e.Number = s.state.NextID
	s.state.Events = append(s.state.Events, e)
	if excess := len(s.state.Events) - maxEvents; excess > 0 {
		s.state.Events = slices.Delete(s.state.Events, 0, excess+maxEvents/10)
	}
	s.dirty = true
}

// The messages of RDS-EVENT-0131 and RDS-EVENT-0132, events of category
// backtrack on the instances of a cluster. DescribeEvents does not give their
// numbers.
const (
	messageWindowShort = "The actual Backtrack window is smaller than the target Backtrack window you specified. Consider reducing the number of hours in your target Backtrack window."
	messageWindowFull  = "The actual Backtrack window is the same as the target Backtrack window."
)

// watchWindow tells of a window that has become smaller than its target, and
// of one that is as long as it again.
func (s *Server) watchWindow(c *Cluster, now time.Time) {
	short := c.canBacktrack() && c.windowShort(now)
	if short == c.WindowShort {
		return
	}
	c.WindowShort = short
	s.dirty = true
	message := messageWindowFull
	if short {
		message = messageWindowShort
	}
	for _, i := range s.state.members(c) {
		s.instanceEvent(i, now, "backtrack", message)
	}
}

// is reports whether the event is of a source of the type, or of any if it is
// empty.
func (e *event) is(sourceType string) bool {
	own := e.SourceType
	setDefault(&own, sourceCluster)
	return sourceType == "" || sourceType == own
}

func (s *Server) describeEvents(c *call) (any, error) {
	if c.Get("SourceIdentifier") != "" && c.Get("SourceType") == "" {
		return nil, fail(codeInvalidCombination, "The parameter SourceIdentifier requires the parameter SourceType.")
	}
	from, to, err := c.span()
	if err != nil {
		return nil, err
	}
	categories, err := c.list("EventCategories", "EventCategory")
	if err != nil {
		return nil, err
	}
	var found []event
	for _, e := range s.state.Events {
		switch {
		case e.AccountID != c.caller.account || e.Region != c.caller.region:
		case !e.is(c.Get("SourceType")):
		case c.Get("SourceIdentifier") != "" && c.Get("SourceIdentifier") != e.Source:
		case e.At.Before(from) || e.At.After(to):
		case len(categories) > 0 && !slices.Contains(categories, e.Categories[0]):
		default:
			found = append(found, e)
		}
	}
	found, marker, err := page(c.params, found, func(e event) string { return fmt.Sprintf("%020d", e.Number) })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker string       `xml:",omitempty"`
		Events []eventShape `xml:"Events>Event"`
	}{Marker: marker}
	for _, e := range found {
		kind := e.SourceType
		setDefault(&kind, sourceCluster)
		result.Events = append(result.Events, eventShape{e.Source, kind, e.Message, e.Categories, timestamp(e.At), e.ARN})
	}
	return result, nil
}

// span is the time that a DescribeEvents asks about: the last hour unless it
// says otherwise.
func (c *call) span() (from, to time.Time, err error) {
	minutes, err := c.integer("Duration", defaultMinutes)
	if err != nil {
		return from, to, err
	}
	if from, err = c.time("StartTime"); err != nil {
		return from, to, err
	}
	if to, err = c.time("EndTime"); err != nil {
		return from, to, err
	}
	if to.IsZero() {
		to = c.now
	}
	if from.IsZero() {
		from = to.Add(-time.Duration(minutes) * time.Minute)
	}
	switch {
	case minutes < 1 || time.Duration(minutes)*time.Minute > maxEventAge:
		return from, to, fail(codeInvalidParameter, "Invalid Duration %d: it must be 1 to %d minutes.", minutes, int(maxEventAge/time.Minute))
	case from.After(to):
		return from, to, fail(codeInvalidCombination, "StartTime must be before EndTime.")
	}
	return from, to, nil
}
