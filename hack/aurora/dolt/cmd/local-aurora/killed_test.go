package main

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// kills is how often TestKilledUnderLoad kills the program.
var kills = flag.Int("kills", 2, "how often to kill the program under load")

// TestKilledUnderLoad kills the program while rows are written, at a moment
// drawn anew each time, and finds every acknowledged row, then as well as after
// going back and forward over the kill.
func TestKilledUnderLoad(t *testing.T) {
	args := []string{"--data-dir", filepath.Join(t.TempDir(), "data")}
	p := start(t, args...)
	p.call("CreateDBCluster", url.Values{"DBClusterIdentifier": {"game"}, "Engine": {"aurora-mysql"}, "MasterUsername": {"admin"},
		"MasterUserPassword": {"correct-horse"}, "BacktrackWindow": {"7200"}, "DatabaseName": {"game"}})
	execute(t, p.open(), "CREATE TABLE t (id INT PRIMARY KEY)")
	acknowledged := 0
	for kill := range *kills {
		before := acknowledged
		db, to := p.open(), time.Now()
		for time.Since(to) < 300*time.Millisecond { // the next insert is clearly later
			count(t, db)
		}
		acknowledged = writeUntilKilled(t, p, acknowledged)
		p = start(t, args...)
		// One more may be there: its answer was lost.
		there := count(t, p.open())
		if there != acknowledged && there != acknowledged+1 {
			t.Fatalf("kill %d: %d rows, %d were acknowledged; %s", kill, there, acknowledged, p.log)
		}
		acknowledged = there
		p.call("BacktrackDBCluster", url.Values{"DBClusterIdentifier": {"game"}, "BacktrackTo": {to.UTC().Format("2006-01-02T15:04:05.000Z")}})
		record := p.waitFor("completed")
		if got := count(t, p.open()); got != before {
			t.Errorf("kill %d: %d rows after going back, want %d", kill, got, before)
		}
		p.call("BacktrackDBCluster", url.Values{"DBClusterIdentifier": {"game"}, "BacktrackTo": {record["BacktrackedFrom"]}})
		p.waitFor("completed")
		if got := count(t, p.open()); got != there {
			t.Errorf("kill %d: %d rows after going forward, want %d", kill, got, there)
		}
	}
}

// writeUntilKilled inserts rows until the program is killed, some time within
// half a second, and gives the id behind the last that was acknowledged.
func writeUntilKilled(t *testing.T, p *program, next int) int {
	t.Helper()
	killed := make(chan struct{})
	timer := time.AfterFunc(rand.N(500*time.Millisecond), func() {
		defer close(killed)
		_ = p.command.Process.Signal(syscall.SIGKILL)
		_ = p.command.Wait()
	})
	defer timer.Stop()
	db := p.open()
	for insert(db, next) == nil {
		next++
	}
	<-killed
	return next
}

func insert(db *sql.DB, id int) error {
	_, err := db.Exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", id))
	return err
}
