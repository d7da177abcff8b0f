package dolt

import (
	"fmt"

	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/libraries/doltcore/schema"
	"github.com/dolthub/dolt/go/libraries/doltcore/sqle/dsess"
	"github.com/dolthub/dolt/go/libraries/doltcore/sqle/globalstate"
	"github.com/dolthub/go-mysql-server/sql"
)

// database is the database of a name, if there is one.
func (s *sqlServer) database(name string) (dsess.SqlDatabase, bool) {
	for _, database := range s.provider.DoltDatabases() {
		if database.Name() == name {
			return database, true
		}
	}
	return nil, false
}

// setRoot makes a root the data of a database, for all sessions from now on,
// and gives what the data was.
func setRoot(c *sql.Context, name string, root doltdb.RootValue) (before doltdb.RootValue, err error) {
	session := dsess.DSessFromSess(c.Session)
	working, err := session.WorkingSet(c, name)
	if err != nil {
		return nil, fmt.Errorf("reading its data: %w", err)
	}
	if err := session.SetWorkingSet(c, name, working.WithWorkingRoot(root).ClearMerge().ClearRebase()); err != nil {
		return nil, fmt.Errorf("setting its data: %w", err)
	}
	if err := session.CommitTransaction(c, c.GetTransaction()); err != nil {
		return nil, fmt.Errorf("committing its data: %w", err)
	}
	return working.WorkingRoot(), nil
}

// resetAutoIncrement makes the next numbers of all tables those of the root
// that is now the data. Dolt itself lets them grow only, also those of tables
// that were there before and are not any more.
func resetAutoIncrement(c *sql.Context, database dsess.SqlDatabase, before, now doltdb.RootValue) error {
	provider, ok := database.(globalstate.GlobalStateProvider)
	if !ok {
		return fmt.Errorf("its numbers are not there: it is a %T", database)
	}
	tracker, err := provider.GetGlobalState().AutoIncrementTracker(c)
	if err != nil {
		return fmt.Errorf("finding its numbers: %w", err)
	}
	for _, root := range []doltdb.RootValue{before, now} {
		err := root.IterTables(c, func(name doltdb.TableName, _ *doltdb.Table, _ schema.Schema) (bool, error) {
			return false, tracker.DropTable(c, name.Name) // forgets its number
		})
		if err != nil {
			return fmt.Errorf("resetting its numbers: %w", err)
		}
	}
	if err := tracker.InitWithRoots(c, now); err != nil {
		return fmt.Errorf("setting its numbers: %w", err)
	}
	return nil
}
