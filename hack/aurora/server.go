// Package aurora is a stand-in for Amazon Aurora's control plane: the RDS
// Query API (and the two STS calls that go with it) in front of clusters that
// can be backtracked. It models what AWS documents and does not claim to be
// AWS. Nothing in it runs on its own: every change of state follows from the
// time at which it is asked.
package aurora

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Server is the local Aurora. It is an http.Handler; Client talks to it
// without a socket. All methods are safe for concurrent use.
type Server struct {
	opts Options
	log  *slog.Logger

	mu      sync.Mutex // guards everything below
	state   state
	dirty   bool
	calls   []Call
	faults  []Fault
	trimmed time.Time // when histories were trimmed last
}

// NewServer makes a server, with the state of its state file if there is one.
func NewServer(opts Options) (*Server, error) {
	s := &Server{opts: opts.withDefaults()}
	s.log = s.opts.Log
	if err := s.load(); err != nil {
		return nil, err
	}
	for _, c := range s.state.Clusters {
		if err := s.reopen(context.Background(), c); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// reopen opens the database of a cluster that existed before a restart.
func (s *Server) reopen(ctx context.Context, c *Cluster) error {
	db, err := s.opts.Engine.Open(ctx, c.ResourceID)
	if err != nil {
		return fmt.Errorf("opening the database of cluster %s: %w", c.Identifier, err)
	}
	c.database = db
	if c.Stopped {
		if err := shut(ctx, db); err != nil {
			return fmt.Errorf("keeping the stopped cluster %s shut: %w", c.Identifier, err)
		}
	}
	return nil
}

// Tick does the work that has become due: it rewinds data, opens databases
// again and ends changes. Every call does so first; a program with real data
// also ticks in between, soon again while it reports that something is under
// way.
func (s *Server) Tick() (busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick(context.Background(), milliseconds(s.opts.Now()))
	s.save()
	return s.busy()
}

func (s *Server) busy() bool {
	clusterBusy := func(c *Cluster) bool { return c.active() != nil || c.Operation != nil }
	instanceBusy := func(i *Instance) bool { return i.Operation != nil }
	return slices.ContainsFunc(s.state.Clusters, clusterBusy) || slices.ContainsFunc(s.state.Instances, instanceBusy)
}

func (s *Server) tick(ctx context.Context, now time.Time) {
	for _, c := range slices.Clone(s.state.Clusters) {
		advanced := s.advance(ctx, c, now)
		if s.settle(ctx, c, now) || advanced {
			s.dirty = true
			s.save() // before the next cluster: a rewind must be known once it is done
		}
		s.watchWindow(c, now)
	}
	if s.settleInstances(ctx, now) {
		s.dirty = true
	}
	s.trim(ctx, now)
}

// trimInterval is how often histories are trimmed to their windows.
const trimInterval = time.Minute

// trim lets the databases forget what no window reaches any more.
func (s *Server) trim(ctx context.Context, now time.Time) {
	if now.Sub(s.trimmed) < trimInterval {
		return
	}
	s.trimmed = now
	for _, c := range s.state.Clusters {
		trimmer, ok := c.database.(Trimmer)
		if !ok || c.active() != nil {
			continue
		}
		if err := trimmer.Trim(ctx, c.earliest(now)); err != nil {
			s.log.Warn("the history could not be trimmed; tried again later", "cluster", c.Identifier, "error", err)
		}
	}
}

// Close ends the databases and keeps their data.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, c := range s.state.Clusters {
		if c.database != nil {
			errs = append(errs, c.database.Close())
		}
	}
	return errors.Join(errs...)
}
