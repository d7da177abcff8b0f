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

// setRoot makes a root the data of a database, for all sessions from now on.
func setRoot(c *sql.Context, name string, root doltdb.RootValue) error {
	session := dsess.DSessFromSess(c.Session)
	working, err := session.WorkingSet(c, name)
	if err != nil {
		return fmt.Errorf("reading its data: %w", err)
	}
	if err := session.SetWorkingSet(c, name, working.WithWorkingRoot(root).ClearMerge().ClearRebase()); err != nil {
		return fmt.Errorf("setting its data: %w", err)
	}
	if err := session.CommitTransaction(c, c.GetTransaction()); err != nil {
		return fmt.Errorf("committing its data: %w", err)
	}
	return nil
}

// resetAutoIncrement makes the next numbers of all tables those of a root. Dolt
// itself lets them grow only.
func resetAutoIncrement(c *sql.Context, database dsess.SqlDatabase, root doltdb.RootValue) error {
	provider, ok := database.(globalstate.GlobalStateProvider)
	if !ok {
		return fmt.Errorf("its numbers are not there: it is a %T", database)
	}
	tracker, err := provider.GetGlobalState().AutoIncrementTracker(c)
	if err != nil {
		return fmt.Errorf("finding its numbers: %w", err)
	}
	err = root.IterTables(c, func(name doltdb.TableName, _ *doltdb.Table, _ schema.Schema) (bool, error) {
		return false, tracker.DropTable(c, name.Name) // forgets its number
	})
	if err != nil {
		return fmt.Errorf("resetting its numbers: %w", err)
	}
	if err := tracker.InitWithRoots(c, root); err != nil {
		return fmt.Errorf("setting its numbers: %w", err)
	}
	return nil
}
