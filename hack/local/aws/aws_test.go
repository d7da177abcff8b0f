package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/programs"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

const (
	key, password = "local", "correct-horse"
	// bound is the longest that any wait may take.
	bound = 2 * time.Minute
)

// timingOfServer is how long the local Aurora takes in the test.
var timingOfServer = map[string]time.Duration{"unlisted": 300 * time.Millisecond, "pending": 1500 * time.Millisecond, "backtracking": 2 * time.Second, "statusLag": 400 * time.Millisecond}

// auroraAsAWS starts the local Aurora, with a cluster in it, and has the SDK find it as it would find AWS.
func auroraAsAWS(t *testing.T) (endpoint string) {
	t.Helper()
	root, err := cloud.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := programs.Named(root, "local-aurora")
	if err != nil {
		t.Fatal(err)
	}
	if err := cloud.Build(t.Context(), cloud.Options{Root: root, Out: io.Discard}, wanted); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"--data-dir=" + dir, "--endpoint-file=" + filepath.Join(dir, "endpoint")}
	for _, field := range [][2]string{{"unlisted", "unlisted"}, {"pending", "pending"}, {"backtracking", "backtracking"}, {"statusLag", "status-lag"}} {
		args = append(args, "--"+field[1]+"="+timingOfServer[field[0]].String())
	}
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	server := exec.CommandContext(t.Context(), wanted[0].Path(filepath.Join(root, "bin")), args...)
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = bound
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Cancel()
		_ = server.Wait() // it was interrupted
	})
	err = stage.Within(t.Context(), bound, "the local Aurora is ready", func() (bool, error) {
		content, err := os.ReadFile(filepath.Join(dir, "endpoint"))
		endpoint = strings.TrimSpace(string(content))
		return err == nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL_RDS", endpoint)
	client := rds.New(rds.Options{Region: "eu-west-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider(key, key, "")})
	_, err = client.CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("tried"), Engine: aws.String("aurora-mysql"), BacktrackWindow: aws.Int64(7200),
		MasterUsername: aws.String("admin"), MasterUserPassword: aws.String(password),
	})
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

func local(t *testing.T, method, url string, body []byte, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %s %v", method, url, response.Status, text, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestAsIfItWereAWS runs the experiment on the local Aurora, which knows nothing of it: first without consent, and beside the
// data of others, when nothing may happen; then with it. What it records is what the local Aurora takes, and can be set there.
func TestAsIfItWereAWS(t *testing.T) {
	endpoint := auroraAsAWS(t)
	timings := filepath.Join(t.TempDir(), "timings.json")
	options := Options{
		Cluster: "Tried", User: "admin", Password: password, TLS: "preferred", Database: "experiment", Timings: timings,
		Pause: time.Second, Interval: 200 * time.Millisecond, Settle: time.Second, Limit: bound,
	}
	var output bytes.Buffer
	run := func() error {
		output.Reset()
		return Run(t.Context(), options, stage.Voice{Out: &output})
	}
	backtracks := func() (n int) {
		var calls []aurora.Call
		local(t, http.MethodGet, endpoint+"/_local/calls", nil, &calls)
		for _, call := range calls {
			if call.Operation == "BacktrackDBCluster" {
				n++
			}
		}
		return n
	}
	refused := func(why string) {
		t.Helper()
		err := stage.Within(t.Context(), bound, "the refusal is about "+why, func() (bool, error) { // a new cluster has no history yet
			err := run()
			if !errors.Is(err, ErrNotDone) {
				return false, err
			}
			return strings.Contains(err.Error(), why), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{"rewinds the WHOLE cluster three times", "What it costs"} {
			if !strings.Contains(output.String(), said) {
				t.Errorf("it did not say that it %s:\n%s", said, &output)
			}
		}
		if n := backtracks(); n != 0 {
			t.Fatalf("refused, it made %d backtracks", n)
		}
	}
	refused("say --consent=tried")
	options.Consent = "another"
	refused("say --consent=tried")
	options.Consent = "tried"
	database := open(t, endpoint, options)
	execute(t, database, "CREATE DATABASE shop")
	refused("other databases")
	execute(t, database, "DROP DATABASE shop")

	if err := run(); err != nil {
		t.Fatalf("%v\n%s", err, &output)
	}
	if n := backtracks(); n != 3 {
		t.Errorf("it made %d backtracks", n)
	}
	if left := databases(t, database); strings.Contains(left, options.Database) {
		t.Errorf("it left %s", left)
	}
	written, err := os.ReadFile(timings)
	if err != nil {
		t.Fatal(err)
	}
	local(t, http.MethodPut, endpoint+"/_local/timing", written, nil)
	var measured, set map[string]string
	local(t, http.MethodGet, endpoint+"/_local/timing", nil, &set)
	if err := json.Unmarshal(written, &measured); err != nil {
		t.Fatal(err)
	}
	for name, least := range timingOfServer {
		got, err := time.ParseDuration(measured[name])
		// Two looks may be so far apart, and the server's times have whole milliseconds.
		if err != nil || got < least-options.Interval-50*time.Millisecond {
			t.Errorf("%s was measured as %q, and takes %s", name, measured[name], least)
		}
		if set[name] != measured[name] {
			t.Errorf("%s is set to %s, want %s", name, set[name], measured[name])
		}
	}
	t.Logf("%s", &output)
}

// open reaches the cluster's database, as its administrator would.
func open(t *testing.T, endpoint string, options Options) *stage.Database {
	t.Helper()
	client := rds.New(rds.Options{Region: "eu-west-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider(key, key, "")})
	found, err := client.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("tried")})
	if err != nil {
		t.Fatal(err)
	}
	cluster := found.DBClusters[0]
	database, err := stage.OpenDatabase(t.Context(), stage.Endpoint{Host: aws.ToString(cluster.Endpoint), Port: int(aws.ToInt32(cluster.Port)), User: options.User, Password: options.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

func execute(t *testing.T, database *stage.Database, statement string) {
	t.Helper()
	if err := database.Run(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func databases(t *testing.T, database *stage.Database) string {
	t.Helper()
	found, err := database.Query(context.Background(), "SHOW DATABASES")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range found.Rows {
		names = append(names, row[0])
	}
	return strings.Join(names, " ")
}
