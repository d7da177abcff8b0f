package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// asProgram makes the test binary be the program: a test that kills it needs a
// process of its own.
const asProgram = "LOCAL_AURORA_AS_PROGRAM"

// bound is the longest that anything here may take.
const bound = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a running local-aurora.
type program struct {
	t        *testing.T
	command  *exec.Cmd
	endpoint string
	log      *bytes.Buffer
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, command: exec.Command(os.Args[0], args...), log: &bytes.Buffer{}}
	p.command.Env = []string{asProgram + "=1"}
	p.command.Stderr = p.log
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no endpoint: %v; %s", err, p.log)
	}
	p.endpoint = strings.TrimSpace(line)
	return p
}

// end signals the program and waits for its end.
func (p *program) end(signal syscall.Signal) error {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	return p.command.Wait()
}

// call does an RDS call, and gives the text of the first elements asked for.
func (p *program) call(action string, params url.Values, elements ...string) map[string]string {
	p.t.Helper()
	params.Set("Action", action)
	params.Set("Version", "2014-10-31")
	response, err := http.PostForm(p.endpoint, params)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %d %s %v", action, response.StatusCode, body, err)
	}
	found := map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			p.t.Fatalf("%s: %v in %s", action, err, body)
		}
		start, ok := token.(xml.StartElement)
		for _, name := range elements {
			if ok && start.Name.Local == name {
				var text string
				if err := d.DecodeElement(&text, &start); err != nil {
					p.t.Fatal(err)
				}
				if _, earlier := found[name]; !earlier {
					found[name] = text
				}
			}
		}
	}
}

// waitFor asks for the newest record until it has a status.
func (p *program) waitFor(status string) map[string]string {
	p.t.Helper()
	deadline := time.Now().Add(bound)
	for {
		record := p.call("DescribeDBClusterBacktracks", url.Values{"DBClusterIdentifier": {"game"}}, "Status", "BacktrackedFrom")
		if strings.EqualFold(record["Status"], status) {
			return record
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("still %v, want %s; %s", record, status, p.log)
		}
	}
}

// open is a client's pool of the cluster.
func (p *program) open() *sql.DB {
	p.t.Helper()
	c := p.call("DescribeDBClusters", url.Values{}, "Endpoint", "Port")
	_ = mysql.SetLogger(&mysql.NopLogger{}) // connections are reset on purpose
	db, err := sql.Open("mysql", fmt.Sprintf("admin:correct-horse@tcp(%s:%s)/game", c["Endpoint"], c["Port"]))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// count waits until the database answers, and counts the rows.
func count(t *testing.T, db *sql.DB) int {
	t.Helper()
	deadline := time.Now().Add(bound)
	for {
		var n int
		err := db.QueryRow("SELECT COUNT(*) FROM t").Scan(&n)
		if err == nil {
			return n
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestKilledWhileBacktracking kills the program while a backtrack is pending
// and while it is applied, and sees it go on to its end, forth and back.
func TestKilledWhileBacktracking(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "endpoint")
	args := []string{"--data-dir", filepath.Join(dir, "data"), "--endpoint-file", file, "--pending", "300ms", "--backtracking", "300ms"}
	p := start(t, args...)
	if data, err := os.ReadFile(file); err != nil || strings.TrimSpace(string(data)) != p.endpoint {
		t.Errorf("endpoint file %q (%v), printed %q", data, err, p.endpoint)
	}
	p.call("CreateDBCluster", url.Values{"DBClusterIdentifier": {"game"}, "Engine": {"aurora-mysql"}, "MasterUsername": {"admin"},
		"MasterUserPassword": {"correct-horse"}, "BacktrackWindow": {"7200"}, "DatabaseName": {"game"}})
	db := p.open()
	execute(t, db, "CREATE TABLE t (v INT)")
	execute(t, db, "INSERT INTO t VALUES (1)")
	to := time.Now()
	for time.Since(to) < 500*time.Millisecond { // the next insert is clearly later
		count(t, db)
	}
	execute(t, db, "INSERT INTO t VALUES (2)")
	backtrack := func(to string) {
		t.Helper()
		p.call("BacktrackDBCluster", url.Values{"DBClusterIdentifier": {"game"}, "BacktrackTo": {to}})
	}

	backtrack(to.UTC().Format("2006-01-02T15:04:05.000Z"))
	_ = p.end(syscall.SIGKILL)
	p = start(t, args...)
	p.waitFor("applying")
	_ = p.end(syscall.SIGKILL)
	p = start(t, args...)
	record := p.waitFor("completed")
	if got := count(t, p.open()); got != 1 {
		t.Errorf("%d rows after going back, want 1", got)
	}
	backtrack(record["BacktrackedFrom"])
	p.waitFor("completed")
	if got := count(t, p.open()); got != 2 {
		t.Errorf("%d rows after going forward, want 2", got)
	}
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM ended it with %v; %s", err, p.log)
	}
}

// TestOneProgramPerDirectory turns a second program away.
func TestOneProgramPerDirectory(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--data-dir", dir)
	second := exec.Command(os.Args[0], "--data-dir", dir)
	second.Env = []string{asProgram + "=1"}
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "choose another --data-dir") {
		t.Errorf("%v: %s", err, out)
	}
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// TestOptions reads command lines, good and bad.
func TestOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		env  map[string]string
		want string // in the error
	}{
		"good":           {args: []string{"--data-dir", "d", "--role", "arn:aws:iam::1:role/r=e", "--listen", "[::1]:0"}},
		"help":           {args: []string{"--help"}, want: "help"},
		"no directory":   {want: "--data-dir is required"},
		"not loopback":   {args: []string{"--data-dir", "d", "--listen", "0.0.0.0:0"}, want: `--listen "0.0.0.0:0": write a loopback address`},
		"negative":       {args: []string{"--data-dir", "d", "--pending", "-1s"}, want: `"-1s" for flag -pending: a duration can't be negative`},
		"timing":         {args: []string{"--data-dir", "d", "--timing", "aws", "--pending", "1s"}},
		"no such timing": {args: []string{"--data-dir", "d", "--timing", "slow"}, want: `--timing: unknown timing "slow": use one of aws, instant, quick`},
		"not a duration": {args: []string{"--pending", "soon"}, want: "see --help"},
		"unknown":        {args: []string{"--odd"}, want: "see --help"},
		"argument":       {args: []string{"odd"}, want: `unexpected argument "odd"`},
		"role":           {args: []string{"--role", "r"}, want: "write the ARN"},
		"half a key":     {args: []string{"--data-dir", "d"}, env: map[string]string{"AWS_ACCESS_KEY_ID": "a"}, want: "set both"},
		"a key":          {args: []string{"--data-dir", "d"}, env: map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o, err := parse(tt.args, func(name string) string { return tt.env[name] }, &out)
			if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if timing := o.server.Timing; name == "timing" && (timing.Pending != time.Second || timing.Backtracking < time.Minute) {
				t.Errorf("timing: %+v", timing)
			}
			if name == "help" && !strings.Contains(out.String(), "it is not AWS") {
				t.Errorf("help: %s", out.String())
			}
		})
	}
}
