package aurora

import (
	"context"
	"time"
)

// Engine keeps the data behind the clusters of a Server. The no-data engine
// (NoData) serves tests of clients; the module hack/aurora/dolt has one whose
// clusters are real MySQL-compatible servers.
//
// The Server calls an Engine under its own lock, so an Engine need not expect
// two calls at once for the same cluster.
type Engine interface {
	// Create makes the database of a new cluster and opens it for clients.
	Create(ctx context.Context, spec DatabaseSpec) (Database, error)

	// Open finds the database of a cluster that existed before a restart. One
	// that was closed by a Rewind stays closed until Resume.
	Open(ctx context.Context, resourceID string) (Database, error)

	// Restore makes the database of a new cluster from a snapshot that
	// Database.Save kept, and opens it for clients. Users and passwords are
	// those of the snapshot. Its history begins now.
	Restore(ctx context.Context, snapshotID string, spec DatabaseSpec) (Database, error)

	// DeleteSnapshot removes a snapshot; one that is not there is no error.
	DeleteSnapshot(ctx context.Context, snapshotID string) error
}

// DatabaseSpec says what CreateDBCluster asked for.
type DatabaseSpec struct {
	// ResourceID is the DbClusterResourceId: unlike the identifier it is never
	// reused, so it names the data.
	ResourceID         string
	ClusterIdentifier  string
	MasterUsername     string
	MasterUserPassword string
	// DatabaseName is the database to begin with; empty for none.
	DatabaseName string
	// EngineVersion is what AURORA_VERSION() answers, such as 3.08.2.
	EngineVersion string
}

// Database is the data of one cluster.
type Database interface {
	// Endpoint is where clients connect.
	Endpoint() (host string, port int)

	// Earliest is the oldest time that Rewind can reach; zero if the database
	// sets no limit of its own.
	Earliest() time.Time

	// ChangeRecords is the number of changes held for backtracking.
	ChangeRecords() int64

	// Rewind closes every connection, refuses new ones, and puts the state of
	// the time to on top of the history. The database stays closed until
	// Resume. due is when the rewind was due by the server's clock. A second
	// Rewind with the same id continues the first, if a crash cut that short.
	Rewind(ctx context.Context, id string, due, to time.Time) (Rewound, error)

	// Resume lets clients in again after a Rewind, also after a failed one.
	Resume(ctx context.Context) error

	// SetMasterPassword changes the password of the master user.
	SetMasterPassword(ctx context.Context, user, password string) error

	// Save keeps the state of the time at, or of the present if that is zero,
	// as a snapshot of its own that outlives the database.
	Save(ctx context.Context, snapshotID string, at time.Time) error

	// Delete ends the database and removes its data.
	Delete(ctx context.Context) error

	// Close ends the database and keeps its data.
	Close() error
}

// Trimmer is a Database that can forget history.
type Trimmer interface {
	// Trim forgets what is needed for no time from before on. It may return
	// before the space is free.
	Trim(ctx context.Context, before time.Time) error
}

// Rewound tells what a Rewind did, to the millisecond.
type Rewound struct {
	// From is the last moment before the rewind: going forward to it undoes
	// the rewind.
	From time.Time
	// To is the consistent time that was reached, which may differ from the
	// one asked for.
	To time.Time
}

// NoData is an Engine without any data: rewinds are exact and take no time.
type NoData struct{}

// Create returns a database that holds nothing.
func (NoData) Create(_ context.Context, spec DatabaseSpec) (Database, error) {
	return noDatabase{resourceID: spec.ResourceID}, nil
}

// Open returns a database that holds nothing.
func (NoData) Open(_ context.Context, resourceID string) (Database, error) {
	return noDatabase{resourceID: resourceID}, nil
}

// Restore returns a database that holds nothing.
func (NoData) Restore(_ context.Context, _ string, spec DatabaseSpec) (Database, error) {
	return noDatabase{resourceID: spec.ResourceID}, nil
}

// DeleteSnapshot does nothing.
func (NoData) DeleteSnapshot(context.Context, string) error { return nil }

type noDatabase struct{ resourceID string }

// Endpoint is a name under .invalid (RFC 2606): nobody can connect to it by
// mistake.
func (d noDatabase) Endpoint() (string, int) { return d.resourceID + ".invalid", 3306 }
func (noDatabase) Earliest() time.Time       { return time.Time{} }
func (noDatabase) ChangeRecords() int64      { return 0 }

func (noDatabase) Rewind(_ context.Context, _ string, due, to time.Time) (Rewound, error) {
	return Rewound{From: due, To: to}, nil
}

func (noDatabase) Resume(context.Context) error                            { return nil }
func (noDatabase) SetMasterPassword(context.Context, string, string) error { return nil }
func (noDatabase) Save(context.Context, string, time.Time) error           { return nil }
func (noDatabase) Delete(context.Context) error                            { return nil }
func (noDatabase) Close() error                                            { return nil }
