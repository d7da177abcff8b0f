package dolt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/sqle/dsess"
	gms "github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/plan"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
)

// handler puts the locks in front of Dolt: every statement of every client
// goes through guard.
type handler struct {
	mysql.Handler
	locks    *locks
	sessions func() *gms.SessionManager
	// touch is called, under the locks' commits, before anything is committed.
	touch func()
}

// defaultLockWait is MySQL's innodb_lock_wait_timeout.
const defaultLockWait = 50 * time.Second

// ComQuery does one statement.
func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	return h.guard(ctx, c, query, func() error { return h.Handler.ComQuery(ctx, c, withCollation(query), callback) })
}

// ComMultiQuery does the first of several statements.
func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (rest string, err error) {
	err = h.guard(ctx, c, query, func() (err error) {
		rest, err = h.Handler.ComMultiQuery(ctx, c, withCollation(query), callback)
		return err
	})
	return rest, err
}

// ComStmtExecute does a prepared statement.
func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	return h.guard(ctx, c, prepare.PrepareStmt, func() error { return h.Handler.ComStmtExecute(ctx, c, prepare, callback) })
}

// ComResetConnection ends a transaction under way.
func (h *handler) ComResetConnection(c *mysql.Conn) error {
	defer h.locks.release(c.ConnectionID)
	return h.Handler.ComResetConnection(c)
}

// ConnectionClosed ends a transaction under way.
func (h *handler) ConnectionClosed(c *mysql.Conn) {
	defer h.locks.release(c.ConnectionID)
	h.Handler.ConnectionClosed(c)
}

// guard does a statement when it may be done, and ends the transaction's locks
// with the transaction.
func (h *handler) guard(ctx context.Context, c *mysql.Conn, query string, do func() error) error {
	s, err := h.session(ctx, c)
	if err != nil {
		return err
	}
	what := kindOf(query)
	if err := h.enter(ctx, c, s, what); err != nil {
		return err
	}
	if what != reads && what != locksRow {
		h.locks.commits.RLock()
		defer h.locks.commits.RUnlock()
		if what != controls {
			h.touch()
		}
	}
	if what == commits || what == begins {
		if err := s.commitAll(); err != nil {
			s.forget()
			h.locks.release(c.ConnectionID)
			return err
		}
	}
	err = do()
	h.leave(c, s, what)
	if errors.Is(err, dsess.ErrDirtyWorkingSets) || err != nil && containsAny(err.Error(), dsess.ErrDirtyWorkingSets.Error()) {
		return mysql.NewSQLError(mysql.ERUnknownError, mysql.SSUnknownSQLState,
			"one statement can't change several databases of the local Aurora, unless within a transaction; nothing was changed")
	}
	return err
}

// enter waits for the write lock if the statement needs it, and lets the
// statement see all that was committed before: a transaction that has not
// written yet begins anew, so that it does not write on what it read before it
// waited. InnoDB's writes, too, see the latest rows.
func (h *handler) enter(ctx context.Context, c *mysql.Conn, s *clientSession, what kind) error {
	if what < locksRow {
		if what == reads && !s.explicit() && !h.locks.holds(c.ConnectionID) {
			s.forget() // what a prepared statement began
		}
		return nil
	}
	if h.locks.holds(c.ConnectionID) {
		return nil
	}
	err := h.locks.acquire(ctx, c.ConnectionID, s.lockWait())
	switch {
	case errors.Is(err, errLockWait):
		return mysql.NewSQLError(mysql.ERLockWaitTimeout, mysql.SSUnknownSQLState, "Lock wait timeout exceeded; try restarting transaction")
	case err != nil:
		return err
	}
	if len(s.dirty()) == 0 {
		s.forget()
	}
	return nil
}

// leave releases the write lock when the transaction is over.
func (h *handler) leave(c *mysql.Conn, s *clientSession, what kind) {
	if !s.explicit() {
		s.forget() // what a failed statement left
	}
	if s.GetTransaction() == nil || what == begins && len(s.dirty()) == 0 {
		h.locks.release(c.ConnectionID)
	}
}

// clientSession is the session of a client's connection.
type clientSession struct {
	*sql.Context
	dolt *dsess.DoltSession
}

func (h *handler) session(ctx context.Context, c *mysql.Conn) (*clientSession, error) {
	sqlCtx, err := h.sessions().NewContextWithQuery(ctx, c, "")
	if err != nil {
		return nil, err
	}
	d, ok := sqlCtx.Session.(*dsess.DoltSession)
	if !ok {
		return nil, fmt.Errorf("the session is a %T", sqlCtx.Session)
	}
	return &clientSession{sqlCtx, d}, nil
}

// explicit reports whether a transaction goes on until it is ended.
func (s *clientSession) explicit() bool {
	autocommit, err := plan.IsSessionAutocommit(s.Context)
	return err == nil && !autocommit || s.GetIgnoreAutoCommit()
}

func (s *clientSession) dirty() []string { return s.dolt.DirtyDatabases() }

// forget drops the transaction; the next statement begins another.
func (s *clientSession) forget() {
	if tx := s.GetTransaction(); tx != nil {
		_ = s.dolt.Rollback(s.Context, tx) // it never fails: it clears what the session holds
		s.SetTransaction(nil)
	}
}

// commitAll commits a transaction that changed several databases, which Dolt
// does not do. The commits are held together for snapshots by the locks, and
// no other transaction writes meanwhile, so none of them meets a conflict.
func (s *clientSession) commitAll() error {
	names, tx := s.dirty(), s.GetTransaction()
	if len(names) < 2 || tx == nil {
		return nil
	}
	if err := sql.SessionCommandBegin(s.Session); err != nil {
		return err
	}
	defer sql.SessionCommandEnd(s.Session)
	for _, name := range names {
		s.SetTransaction(tx)
		if err := s.dolt.CommitWorkingSet(s.Context, name, tx); err != nil {
			return fmt.Errorf("committing database %s: %w", name, err)
		}
	}
	s.SetTransaction(tx)
	s.forget()
	return nil
}

// lockWait is how long the session waits for another transaction.
func (s *clientSession) lockWait() time.Duration {
	value, err := s.GetSessionVariable(s.Context, "innodb_lock_wait_timeout")
	if err != nil {
		return defaultLockWait
	}
	seconds, ok := value.(int64)
	if !ok || seconds < 1 {
		return defaultLockWait
	}
	return time.Duration(seconds) * time.Second
}
