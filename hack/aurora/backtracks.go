package aurora

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

type backtrackShape struct {
	DBClusterIdentifier          string
	BacktrackIdentifier          string
	BacktrackTo                  string
	BacktrackedFrom              string `xml:",omitempty"`
	BacktrackRequestCreationTime string
	Status                       string
}

func (s *Server) backtrackShape(c *Cluster, b *Backtrack) backtrackShape {
	return backtrackShape{
		DBClusterIdentifier:          c.Identifier,
		BacktrackIdentifier:          b.Identifier,
		BacktrackTo:                  timestamp(b.To),
		BacktrackedFrom:              optionalTime(b.From),
		BacktrackRequestCreationTime: timestamp(b.RequestedAt),
		Status:                       s.word(b.State()),
	}
}

func (s *Server) backtrackDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.required("BacktrackTo"); err != nil {
		return nil, err
	}
	to, err := c.time("BacktrackTo")
	if err != nil {
		return nil, err
	}
	force, err := c.boolean("Force")
	if err != nil {
		return nil, err
	}
	useEarliest, err := c.boolean("UseEarliestTimeOnPointInTimeUnavailable")
	if err != nil {
		return nil, err
	}
	if to, err = cluster.admit(c.now, to, force, useEarliest); err != nil {
		return nil, err
	}
	cluster.Backtracks = append(cluster.Backtracks, Backtrack{
		Identifier:  s.state.uuid(),
		RequestedAt: c.now,
		AskedTo:     to,
		To:          to.Truncate(s.opts.RecordPrecision),
		Timing:      s.opts.Timing,
		Fails:       cluster.FailNextBacktrack,
	})
	cluster.FailNextBacktrack = false
	b := &cluster.Backtracks[len(cluster.Backtracks)-1]
	c.log.BacktrackID = b.Identifier
	s.dirty = true
	// The work begins with the next tick: the reply says what was asked for.
	return s.backtrackShape(cluster, b), nil
}

// admit is the time that a backtrack goes to, if the cluster takes it.
func (c *Cluster) admit(now, to time.Time, force, useEarliest bool) (time.Time, error) {
	if err := c.checkBacktrackable(); err != nil {
		return to, err
	}
	if status := c.statusAt(now); status != "available" || c.active() != nil {
		if status == "available" {
			status = "backtracking"
		}
		return to, fail(faultClusterState, "DB cluster %s is not in available state: its status is %s.", c.Identifier, status)
	}
	if c.BinaryLogging && !force {
		return to, fail(codeInvalidCombination, "Binary logging is enabled for DB cluster %s: the backtrack must be forced.", c.Identifier)
	}
	if to.After(now) {
		return to, fail(codeInvalidParameter, "The specified BacktrackTo %s is in the future: it is %s now.", timestamp(to), timestamp(now))
	}
	if earliest := c.earliest(now); to.Before(earliest) {
		if !useEarliest {
			return to, fail(codeInvalidParameter, "The specified BacktrackTo %s is before the earliest backtrack time %s.", timestamp(to), timestamp(earliest))
		}
		return earliest, nil
	}
	return to, nil
}

// checkBacktrackable fails for clusters for which backtracking does not exist
// or is off.
func (c *Cluster) checkBacktrackable() error {
	if err := c.checkBacktrackEngine(); err != nil {
		return err
	}
	var why string
	switch {
	case c.GlobalClusterIdentifier != "":
		why = "it is a member of a global database"
	case c.BacktrackWindow == 0:
		why = "its backtrack window is 0"
	default:
		return nil
	}
	return fail(codeInvalidCombination, "Backtrack is not enabled for DB cluster %s: %s.", c.Identifier, why)
}

func (s *Server) describeDBClusterBacktracks(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	filters, err := c.filters("db-cluster-backtrack-id", "db-cluster-backtrack-status")
	if err != nil {
		return nil, err
	}
	if err := cluster.checkBacktrackable(); err != nil {
		return nil, err
	}
	if err := checkBacktrackIDs(c, filters); err != nil {
		return nil, err
	}
	found := listed(cluster, c.now, filters)
	if id := c.Get("BacktrackIdentifier"); id != "" {
		found = slices.DeleteFunc(found, func(n int) bool { return !strings.EqualFold(cluster.Backtracks[n].Identifier, id) })
		if len(found) == 0 {
			return nil, fail(faultBacktrackNotFound, "Backtrack %s of DB cluster %s not found.", id, cluster.Identifier)
		}
	}
	// Newest first, and the same key for a record when newer ones arrive.
	found, marker, err := page(c.params, found, func(n int) string {
		return fmt.Sprintf("%010d", math.MaxInt32-n)
	})
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker              string           `xml:",omitempty"`
		DBClusterBacktracks []backtrackShape `xml:"DBClusterBacktracks>DBClusterBacktrack"`
	}{Marker: marker}
	for _, n := range found {
		result.DBClusterBacktracks = append(result.DBClusterBacktracks, s.backtrackShape(cluster, &cluster.Backtracks[n]))
	}
	return result, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// checkBacktrackIDs fails for ids that can't be one, wherever they stand.
func checkBacktrackIDs(c *call, filters []filter) error {
	var ids []string
	if id := c.Get("BacktrackIdentifier"); id != "" {
		ids = append(ids, id)
	}
	for _, f := range filters {
		if f.name == "db-cluster-backtrack-id" {
			ids = append(ids, f.values...)
		}
	}
	for _, id := range ids {
		if !uuidForm.MatchString(id) {
			return fail(codeInvalidParameter, "Invalid backtrack identifier: %s. It must be a UUID.", id)
		}
	}
	return nil
}

// listed are the places of the records that can be seen and that the filters
// let through, newest first as AWS's example has them.
func listed(c *Cluster, now time.Time, filters []filter) []int {
	var found []int
	for n := len(c.Backtracks) - 1; n >= 0; n-- {
		b := &c.Backtracks[n]
		passes := b.listedAt(now)
		for _, f := range filters {
			value := b.Identifier
			if f.name == "db-cluster-backtrack-status" {
				value = b.State()
			}
			passes = passes && f.accepts(value)
		}
		if passes {
			found = append(found, n)
		}
	}
	return found
}
