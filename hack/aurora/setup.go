package aurora

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// AddCluster makes a cluster without a call: every field may be set, those
// left empty get their defaults. It is available at once. password is the
// master user's; the no-data engine needs none.
func (s *Server) AddCluster(c Cluster, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(context.Background(), &c, password)
}

// AddInstance makes an instance of a cluster without a call. It is available
// at once.
func (s *Server) AddInstance(i Instance) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	setDefault(&i.AccountID, s.opts.AccountID)
	setDefault(&i.Region, s.opts.Region)
	if s.state.cluster(i.AccountID, i.Region, i.ClusterIdentifier) == nil {
		return fmt.Errorf("there is no cluster %s", i.ClusterIdentifier)
	}
	if s.state.instance(i.AccountID, i.Region, i.Identifier) != nil {
		return fmt.Errorf("instance %s exists already", i.Identifier)
	}
	setDefault(&i.Class, "db.r6g.large")
	i.Identifier = strings.ToLower(i.Identifier)
	i.ResourceID = s.state.resourceID("db-")
	if i.CreatedAt.IsZero() {
		i.CreatedAt = milliseconds(s.opts.Now())
	}
	s.state.Instances = append(s.state.Instances, &i)
	s.dirty = true
	s.save()
	return nil
}

func (s *Server) add(ctx context.Context, c *Cluster, password string) error {
	return s.addWith(c, func(spec DatabaseSpec) (Database, error) {
		spec.MasterUserPassword = password
		return s.opts.Engine.Create(ctx, spec)
	})
}

// addWith makes a cluster whose database comes from create.
func (s *Server) addWith(c *Cluster, create func(DatabaseSpec) (Database, error)) error {
	s.fill(c)
	if s.state.cluster(c.AccountID, c.Region, c.Identifier) != nil {
		return fmt.Errorf("cluster %s exists already", c.Identifier)
	}
	db, err := create(DatabaseSpec{
		ResourceID: c.ResourceID, ClusterIdentifier: c.Identifier, EngineVersion: auroraVersion(c.EngineVersion),
		MasterUsername: c.MasterUsername, DatabaseName: c.DatabaseName,
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
	if err := s.remove(ctx, old, milliseconds(s.opts.Now())); err != nil {
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
func (s *Server) remove(ctx context.Context, c *Cluster, at time.Time) error {
	if err := c.database.Delete(ctx); err != nil {
		return fmt.Errorf("deleting the database of cluster %s: %w", c.Identifier, err)
	}
	s.state.drop(c)
	s.event(c, at, "deletion", "DB cluster deleted.")
	s.dirty = true
	s.save()
	return nil
}
