package dolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dolthub/dolt/go/cmd/dolt/commands/engine"
	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/libraries/doltcore/env"
	"github.com/dolthub/dolt/go/libraries/doltcore/sqle"
	"github.com/dolthub/dolt/go/libraries/utils/filesys"
	"github.com/dolthub/go-mysql-server/eventscheduler"
	gms "github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
)

const (
	databasesDir = "databases"
	// mainBranch is the branch that clients work on.
	mainBranch = env.DefaultInitBranch
	// adminUser is the server's own user; Aurora's has this name too.
	adminUser = "rdsadmin"
	// drainTimeout bounds the wait for closed connections to end their work.
	drainTimeout = 10 * time.Second
)

// sqlServer is one MySQL-compatible server: all databases of one cluster.
type sqlServer struct {
	home     string
	engine   *engine.SqlEngine
	provider *sqle.DoltDatabaseProvider
	protocol *gms.Server
	gate     *gate
	locks    *locks
	version  string        // what AURORA_VERSION() answers
	touch    func()        // see handler
	served   chan struct{} // closed when the protocol server has ended
}

// startServer serves the databases below home behind a gate.
func startServer(ctx context.Context, home, version string, g *gate, l *locks, touch func()) (*sqlServer, error) {
	e, err := newSQLEngine(ctx, home)
	if err != nil {
		return nil, err
	}
	s := &sqlServer{home: home, engine: e, gate: g, locks: l, touch: touch, served: make(chan struct{})}
	catalog := e.GetUnderlyingEngine().Analyzer.Catalog
	provider, ok := catalog.DbProvider.(*sqle.DoltDatabaseProvider)
	if !ok {
		return nil, errors.Join(fmt.Errorf("dolt's database provider is a %T", catalog.DbProvider), e.Close())
	}
	s.provider, s.version = provider, version
	addAuroraVersion(ctx, e, version)
	editor := catalog.MySQLDb.Editor()
	catalog.MySQLDb.AddEphemeralSuperUser(editor, adminUser, "localhost", rand.Text())
	editor.Close()

	config, err := gms.Config{Protocol: "tcp", Address: g.Addr().String(), Listener: g}.NewConfig()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("configuring the MySQL server: %w", err), e.Close())
	}
	s.protocol, err = gms.NewServerWithHandler(config, e.GetUnderlyingEngine(), e.ContextFactory, s.session, nil, s.guarded)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the MySQL server: %w", err), e.Close())
	}
	go func() {
		defer close(s.served)
		_ = s.protocol.Start() // ends, without error, when the gate is shut down
	}()
	return s, nil
}

func newSQLEngine(ctx context.Context, home string) (*engine.SqlEngine, error) {
	fs, err := filesys.LocalFilesysWithWorkingDir(filepath.Join(home, databasesDir))
	if err != nil {
		return nil, fmt.Errorf("finding the databases: %w", err)
	}
	root := env.LoadWithoutDB(ctx, func() (string, error) { return home, nil }, fs, doltdb.LocalDirDoltDB, "")
	if root.CfgLoadErr != nil {
		return nil, fmt.Errorf("loading Dolt's configuration: %w", root.CfgLoadErr)
	}
	root.Config.SetFailsafes(env.DefaultFailsafeConfig)
	repositories, err := env.MultiEnvForDirectory(ctx, root.Config.WriteableConfig(), fs, root.Version, root)
	if err != nil {
		return nil, fmt.Errorf("loading the databases: %w", err)
	}
	e, err := engine.NewSqlEngine(ctx, repositories, &engine.SqlEngineConfig{
		DoltCfgDirPath:       home,
		PrivFilePath:         filepath.Join(home, privilegesFile),
		BranchCtrlFilePath:   filepath.Join(home, "branch_control.db"),
		Autocommit:           true,
		EventSchedulerStatus: eventscheduler.SchedulerOff,
		// Statistics would be gathered in the background for plans that a
		// stand-in has no use for.
		SystemVariables: engine.SystemVariables{"dolt_stats_enabled": int8(0)},
	})
	if err != nil {
		return nil, fmt.Errorf("starting Dolt: %w", err)
	}
	return e, nil
}

// guarded puts the locks in front of Dolt's handler.
func (s *sqlServer) guarded(h mysql.Handler) (mysql.Handler, error) {
	sessions := func() *gms.SessionManager { return s.protocol.SessionManager() }
	return &handler{Handler: h, locks: s.locks, sessions: sessions, touch: s.touch}, nil
}

// session makes the session of a client's connection.
func (s *sqlServer) session(ctx context.Context, conn *mysql.Conn, addr string) (sql.Session, error) {
	base, err := sql.BaseSessionFromConnection(ctx, conn, addr)
	if err != nil {
		return nil, err
	}
	session, err := s.engine.NewDoltSession(ctx, base)
	if err != nil {
		return nil, err
	}
	c := sql.NewContext(ctx, sql.WithSession(session))
	return session, session.InitSessionVariable(c, auroraVersionName, s.version)
}

// run does a statement as the server's own user, in a session of its own, so
// that it sees all that was committed before.
func (s *sqlServer) run(ctx context.Context, database, statement string) error {
	return s.within(ctx, database, func(c *sql.Context) error {
		_, iterator, _, err := s.engine.Query(c, statement)
		if err != nil {
			return err
		}
		_, err = sql.RowIterToRows(c, iterator)
		return err
	})
}

// within does something in a session of the server's own user.
func (s *sqlServer) within(ctx context.Context, database string, do func(*sql.Context) error) error {
	c, err := s.engine.NewDefaultContext(ctx)
	if err != nil {
		return err
	}
	c.Session.SetClient(sql.Client{User: adminUser, Address: "localhost"})
	defer sql.SessionEnd(c.Session)
	if err := sql.SessionCommandBegin(c.Session); err != nil {
		return err
	}
	defer sql.SessionCommandEnd(c.Session)
	c.SetCurrentDatabase(database)
	return do(c)
}

// shut closes every connection, keeps new ones out, and waits until none of
// them works on the data any more: an unfinished transaction is gone then.
func (s *sqlServer) shut() error {
	s.gate.shut()
	s.locks.abort()
	processes := s.engine.GetUnderlyingEngine().ProcessList
	for _, process := range processes.Processes() {
		processes.Kill(process.Connection)
	}
	drained := make(chan struct{})
	go func() {
		s.protocol.SessionManager().WaitForClosedConnections()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-time.After(drainTimeout):
		return fmt.Errorf("connections still at work %v after they were closed", drainTimeout)
	}
}

// close ends the server.
func (s *sqlServer) close() error {
	err := s.shut()
	s.protocol.Close()
	s.gate.Close()
	<-s.served
	// Dolt ends its background threads by cancelling them, and tells us so.
	if closeErr := s.engine.Close(); !errors.Is(closeErr, context.Canceled) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// quoteName and quoteText make a name or a text fit for a statement.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}
