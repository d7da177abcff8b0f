package aurora

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Operation is a change of a cluster, an instance or a snapshot that takes a
// moment. What it leads to is done when it ends.
type Operation struct {
	// Status is what is read while it lasts: creating, modifying, deleting,
	// rebooting, starting, stopping, failing-over.
	Status string    `json:"status"`
	Began  time.Time `json:"began"`
	Until  time.Time `json:"until"`
	// Target is the instance that a failover promotes.
	Target string `json:"target,omitempty"`
}

// underWay reports whether there is an operation that has not ended at now.
func (o *Operation) underWay(now time.Time) bool { return o != nil && now.Before(o.Until) }

// percent is how far the operation is at now.
func (o *Operation) percent(now time.Time) int {
	if !o.underWay(now) {
		return 100
	}
	return int(100 * now.Sub(o.Began) / o.Until.Sub(o.Began))
}

func newOperation(status string, now time.Time, takes time.Duration) *Operation {
	return &Operation{Status: status, Began: now, Until: now.Add(takes)}
}

// PendingChanges wait for the maintenance window, because the caller did not
// ask to apply them immediately.
type PendingChanges struct {
	Identifier    string `json:"identifier,omitempty"`
	EngineVersion string `json:"engineVersion,omitempty"`
	Class         string `json:"class,omitempty"`
	// At is when the next maintenance window begins.
	At time.Time `json:"at"`
}

// settle ends the operation of a cluster that is due at now, and reports
// whether anything changed.
func (s *Server) settle(ctx context.Context, c *Cluster, now time.Time) bool {
	changed := false
	if c.Pending != nil && !now.Before(c.Pending.At) && c.idle(now) == nil {
		s.applyPending(c, now)
		changed = true
	}
	if c.Stopped && c.Operation == nil && !c.RestartAt.IsZero() && !now.Before(c.RestartAt) {
		c.Operation = newOperation("starting", c.RestartAt, s.opts.Timing.Lifecycle)
		changed = true
	}
	if c.Operation == nil || now.Before(c.Operation.Until) {
		return changed
	}
	ended := *c.Operation
	if err := s.finish(ctx, c, ended); err != nil {
		s.log.Error("the change could not be finished; tried again at the next tick", "cluster", c.Identifier, "status", ended.Status, "error", err)
		return changed
	}
	c.Operation = nil
	return true
}

// finish does what an operation leads to.
func (s *Server) finish(ctx context.Context, c *Cluster, ended Operation) error {
	switch ended.Status {
	case "deleting":
		return s.remove(ctx, c, ended.Until)
	case "stopping":
		c.Stopped, c.RestartAt = true, ended.Until.Add(maxStopped)
		s.event(c, ended.Until, "notification", "DB cluster stopped")
		return shut(ctx, c.database)
	case "starting":
		c.Stopped, c.RestartAt = false, time.Time{}
		s.event(c, ended.Until, "notification", "DB cluster started")
		return open(ctx, c.database)
	case "failing-over":
		c.Writer = ended.Target
		s.event(c, ended.Until, "failover", fmt.Sprintf("Completed failover to DB instance: %s", ended.Target))
		return open(ctx, c.database)
	}
	return nil
}

// settleInstances ends the operations of instances that are due, and reports
// whether anything changed.
func (s *Server) settleInstances(ctx context.Context, now time.Time) bool {
	changed := false
	for _, i := range append([]*Instance(nil), s.state.Instances...) {
		if i.Pending != nil && !now.Before(i.Pending.At) {
			i.apply(*i.Pending)
			i.Pending, changed = nil, true
		}
		if i.Operation == nil || now.Before(i.Operation.Until) {
			continue
		}
		ended := *i.Operation
		i.Operation, changed = nil, true
		switch ended.Status {
		case "deleting":
			s.dropInstance(i)
			s.instanceEvent(i, ended.Until, "deletion", "DB instance deleted")
		case "creating":
			s.instanceEvent(i, ended.Until, "creation", "DB instance created")
		case "rebooting":
			s.instanceEvent(i, ended.Until, "availability", "DB instance restarted")
			s.openWriter(ctx, i)
		}
	}
	return changed
}

// Shutter is a Database whose clients can be kept out apart from a rewind.
type Shutter interface {
	// Shut closes every connection and refuses new ones.
	Shut(ctx context.Context) error
	// Open lets clients in again, unless a rewind holds the database.
	Open(ctx context.Context) error
}

func shut(ctx context.Context, d Database) error {
	if shutter, ok := d.(Shutter); ok {
		return shutter.Shut(ctx)
	}
	return nil
}

func open(ctx context.Context, d Database) error {
	if shutter, ok := d.(Shutter); ok {
		return shutter.Open(ctx)
	}
	return nil
}

var windowForm = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)$`)

const defaultMaintenanceWindow = "sun:05:00-sun:05:30"

// nextMaintenance is when a weekly window such as "sun:05:00-sun:05:30" begins
// next.
func nextMaintenance(window string, now time.Time) time.Time {
	setDefault(&window, defaultMaintenanceWindow)
	day, clock, _ := strings.Cut(strings.ToLower(window), ":")
	clock, _, _ = strings.Cut(clock, "-")
	start, err := time.Parse("15:04", clock)
	if err != nil {
		return now // it was checked when it was set
	}
	next := time.Date(now.Year(), now.Month(), now.Day(), start.Hour(), start.Minute(), 0, 0, time.UTC)
	for !next.After(now) || !strings.HasPrefix(strings.ToLower(next.Weekday().String()), day) {
		next = next.AddDate(0, 0, 1)
	}
	return next
}
