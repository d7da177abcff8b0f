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
	"strings"
	"sync"
	"time"
)

// Options configure a Server. The zero value works for tests.
type Options struct {
	// AccountID and Region are where clusters live unless a call's credentials
	// and signature say otherwise. Default: 123456789012 and eu-west-1.
	AccountID string
	Region    string

	// AccessKeys are the accepted access keys: id to secret. Signatures are
	// checked. Without any, every call is accepted, signed or not.
	AccessKeys map[string]string
	// Roles are the roles that may be assumed, each with the external id that
	// it demands ("" for none). Without any, every role may be.
	Roles map[string]string

	// Now is the server's clock; time.Now unless set.
	Now func() time.Time
	// Wait spends the time of a Delay fault; a real timer unless set.
	Wait func(time.Duration)

	// Timing is what backtracks accepted from now on take.
	Timing Timing
	// UpperCaseStatus spells the status of records in upper case, as a real
	// record in AWS's own example has it; the documented words are lower case.
	UpperCaseStatus bool
	// RecordPrecision is what a record's BacktrackTo is cut to: a millisecond
	// unless set; AWS's example shows whole seconds.
	RecordPrecision time.Duration

	// Engine keeps the data; NoData unless set.
	Engine Engine
	// StateFile keeps the server's state over a restart; "" for memory only.
	StateFile string
	// Log tells what the server does; nothing unless set.
	Log *slog.Logger
}

// Server is the local Aurora. It is an http.Handler; Client talks to it
// without a socket. All methods are safe for concurrent use.
type Server struct {
	opts Options
	log  *slog.Logger

	mu     sync.Mutex // guards everything below
	state  state
	dirty  bool
	calls  []Call
	faults []Fault
}

// NewServer makes a server, with the state of its state file if there is one.
func NewServer(opts Options) (*Server, error) {
	s := &Server{opts: opts.withDefaults()}
	s.log = s.opts.Log
	if err := s.load(); err != nil {
		return nil, err
	}
	for _, c := range s.state.Clusters {
		db, err := s.opts.Engine.Open(context.Background(), c.ResourceID)
		if err != nil {
			err = fmt.Errorf("opening the database of cluster %s: %w", c.Identifier, err)
			return nil, errors.Join(err, s.Close())
		}
		c.database = db
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.AccountID == "" {
		o.AccountID = "123456789012"
	}
	if o.Region == "" {
		o.Region = "eu-west-1"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = func(d time.Duration) { <-time.After(d) }
	}
	if o.RecordPrecision < time.Millisecond {
		o.RecordPrecision = time.Millisecond
	}
	if o.Engine == nil {
		o.Engine = NoData{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Tick does the work that has become due: it rewinds data and opens databases
// again. Every call does so first; a program with real data also ticks in
// between.
func (s *Server) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick(context.Background(), milliseconds(s.opts.Now()))
	s.save()
}

func (s *Server) tick(ctx context.Context, now time.Time) {
	for _, c := range s.state.Clusters {
		if s.advance(ctx, c, now) {
			s.dirty = true
			s.save() // before the next cluster: a rewind must be known once it is done
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

// SetTiming changes what backtracks take from now on; those under way keep
// theirs.
func (s *Server) SetTiming(t Timing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Timing = t
}

// SetUpperCaseStatus changes how the status of every record is spelled.
func (s *Server) SetUpperCaseStatus(upper bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.UpperCaseStatus = upper
}

// AddCluster makes a cluster without a call: every field may be set, those
// left empty get their defaults. password is the master user's; the no-data
// engine needs none.
func (s *Server) AddCluster(c Cluster, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(context.Background(), &c, password)
}

func (s *Server) add(ctx context.Context, c *Cluster, password string) error {
	s.fill(c)
	if s.state.cluster(c.AccountID, c.Region, c.Identifier) != nil {
		return fmt.Errorf("cluster %s exists already", c.Identifier)
	}
	db, err := s.opts.Engine.Create(ctx, DatabaseSpec{
		ResourceID:         c.ResourceID,
		ClusterIdentifier:  c.Identifier,
		MasterUsername:     c.MasterUsername,
		MasterUserPassword: password,
		DatabaseName:       c.DatabaseName,
	})
	if err != nil {
		return fmt.Errorf("creating the database of cluster %s: %w", c.Identifier, err)
	}
	c.database = db
	s.state.Clusters = append(s.state.Clusters, c)
	s.event(c, c.CreatedAt, "creation", "DB cluster created.")
	s.dirty = true
	s.save()
	return nil
}

func (s *Server) fill(c *Cluster) {
	c.Identifier = strings.ToLower(c.Identifier)
	c.ResourceID = s.state.resourceID("cluster-")
	setDefault(&c.AccountID, s.opts.AccountID)
	setDefault(&c.Region, s.opts.Region)
	setDefault(&c.Engine, engineMySQL)
	setDefault(&c.EngineMode, modeProvisioned)
	setDefault(&c.EngineVersion, defaultVersions[c.Engine])
	if c.CreatedAt.IsZero() {
		c.CreatedAt = milliseconds(s.opts.Now())
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// EditCluster lets edit change anything about a cluster of the server's own
// account and Region.
func (s *Server) EditCluster(identifier string, edit func(*Cluster)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.own(identifier)
	if err != nil {
		return err
	}
	edit(c)
	s.dirty = true
	s.save()
	return nil
}

// Cluster returns a copy of a cluster of the server's own account and Region,
// with all that is due done.
func (s *Server) Cluster(identifier string) (Cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick(context.Background(), milliseconds(s.opts.Now()))
	c, err := s.own(identifier)
	if err != nil {
		return Cluster{}, err
	}
	shown := *c
	shown.Tags = append([]Tag(nil), c.Tags...)
	shown.Backtracks = append([]Backtrack(nil), c.Backtracks...)
	return shown, nil
}

// RecreateCluster deletes a cluster and makes another of the same name and
// settings: without tags, history and instances, and with a resource id of its
// own.
func (s *Server) RecreateCluster(identifier, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.own(identifier)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.remove(ctx, old); err != nil {
		return err
	}
	return s.add(ctx, &Cluster{
		Identifier: old.Identifier, Engine: old.Engine, EngineVersion: old.EngineVersion,
		EngineMode: old.EngineMode, DatabaseName: old.DatabaseName,
		MasterUsername: old.MasterUsername, BacktrackWindow: old.BacktrackWindow,
	}, password)
}

func (s *Server) own(identifier string) (*Cluster, error) {
	if c := s.state.cluster(s.opts.AccountID, s.opts.Region, identifier); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("there is no cluster %s in account %s, Region %s",
		identifier, s.opts.AccountID, s.opts.Region)
}

// remove deletes a cluster with its data and its instances.
func (s *Server) remove(ctx context.Context, c *Cluster) error {
	if err := c.database.Delete(ctx); err != nil {
		return fmt.Errorf("deleting the database of cluster %s: %w", c.Identifier, err)
	}
	s.state.drop(c)
	s.event(c, milliseconds(s.opts.Now()), "deletion", "DB cluster deleted.")
	s.dirty = true
	s.save()
	return nil
}
