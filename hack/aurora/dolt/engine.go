// Package dolt keeps the data of the local Aurora's clusters in Dolt, a
// MySQL-compatible database with a commit graph. Every cluster is a server of
// its own on a loopback port, and its history is a line of moments, each of
// them a commit in every database, to which the whole cluster can go back and
// forth.
package dolt

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dolthub/dolt/go/cmd/dolt/cli"
	"github.com/sirupsen/logrus"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// SnapshotInterval is how often a cluster's databases are committed: the
// distance between two consistent times.
const SnapshotInterval = 100 * time.Millisecond

// Engine is an aurora.Engine with data.
type Engine struct {
	dir string
	now func() time.Time
	log *slog.Logger
}

var _ aurora.Engine = (*Engine)(nil)

// NewEngine keeps its data below dir, which it makes if need be. The times in
// its histories are now's, which must be the clock of the aurora.Server.
//
// Dolt has settings of its process: this points its home at dir, so that
// nothing outside is read or written, and silences its log.
func NewEngine(dir string, now func() time.Time, log *slog.Logger) (*Engine, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	if err := os.Setenv("DOLT_ROOT_PATH", dir); err != nil {
		return nil, fmt.Errorf("pointing Dolt at the data directory: %w", err)
	}
	logrus.SetOutput(io.Discard)
	cli.CliOut, cli.CliErr = io.Discard, io.Discard
	addVariables()
	return &Engine{dir: dir, now: now, log: log}, nil
}

// Create makes a cluster's server, with its master user and its first
// database.
func (e *Engine) Create(ctx context.Context, spec aurora.DatabaseSpec) (aurora.Database, error) {
	if spec.MasterUsername == "" || spec.MasterUserPassword == "" {
		return nil, fmt.Errorf("cluster %s needs a master user and a password", spec.ClusterIdentifier)
	}
	home := e.home(spec.ResourceID)
	if err := os.MkdirAll(filepath.Join(home, databasesDir), 0o700); err != nil {
		return nil, fmt.Errorf("making the cluster's directory: %w", err)
	}
	if err := e.writeVersion(spec); err != nil {
		return nil, err
	}
	d, err := e.start(ctx, spec.ResourceID)
	if err != nil {
		return nil, err
	}
	if err := d.initialize(ctx, spec); err != nil {
		_ = d.Delete(ctx) // the error that counts is the first
		return nil, err
	}
	return d, nil
}

// Open starts the server of an existing cluster.
func (e *Engine) Open(ctx context.Context, resourceID string) (aurora.Database, error) {
	if _, err := os.Stat(e.home(resourceID)); err != nil {
		return nil, fmt.Errorf("the cluster's data is not there: %w", err)
	}
	return e.start(ctx, resourceID)
}

func (e *Engine) home(resourceID string) string { return filepath.Join(e.dir, "clusters", resourceID) }

// versionFile holds what AURORA_VERSION() answers.
const versionFile = "aurora-version"

func (e *Engine) writeVersion(spec aurora.DatabaseSpec) error {
	if err := os.WriteFile(filepath.Join(e.home(spec.ResourceID), versionFile), []byte(spec.EngineVersion), 0o600); err != nil {
		return fmt.Errorf("writing down the engine version: %w", err)
	}
	return nil
}
