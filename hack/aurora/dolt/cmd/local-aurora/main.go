// Command local-aurora is a stand-in for Amazon Aurora on this machine: the
// RDS API in front of MySQL-compatible databases that can be backtracked.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/aurora/dolt"
)

const (
	// busyInterval is how late a backtrack or a change may end; idleInterval
	// how late the program learns that one has begun.
	busyInterval = 20 * time.Millisecond
	idleInterval = 100 * time.Millisecond
	// stopTimeout bounds the wait for calls under way when the program ends.
	stopTimeout = 5 * time.Second
)

// notTrue is what a user of the data must know first; hack/aurora/README.md
// has the rest.
const notTrue = "unlike Aurora: one transaction of a cluster writes at a time, and the others wait for it; " +
	"a transaction that waited reads anew; one cluster has one endpoint, with and without instances"

func main() {
	o, err := parse(os.Args[1:], os.Getenv, os.Stderr)
	switch {
	case errors.Is(err, errHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "local-aurora:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "local-aurora:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, o options) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	now := func() time.Time { return time.Now().Add(o.clockOffset) }
	engine, err := dolt.NewEngine(o.dataDir, now, log)
	if err != nil {
		return err
	}
	o.server.Engine, o.server.Now, o.server.SignatureNow, o.server.Log = engine, now, now, log
	o.server.StateFile = filepath.Join(o.dataDir, "state.json")
	unlock, err := lock(o.dataDir)
	if err != nil {
		return err
	}
	defer unlock()
	server, err := aurora.NewServer(o.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listening on %s (--listen): %w", o.listen, err)
	}
	endpoint := "http://" + listener.Addr().String()
	if err := announce(o.endpointFile, endpoint); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("a stand-in for Aurora is ready; it is not AWS, and nothing here leaves this machine",
		"endpoint", endpoint, "dataDir", o.dataDir)
	log.Info(notTrue)
	fmt.Println(endpoint)
	return serve(ctx, server, listener)
}

// serve answers calls and lets time pass for the server, until ctx ends.
func serve(ctx context.Context, server *aurora.Server, listener net.Listener) error {
	httpServer := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- httpServer.Serve(listener) }()
	timer := time.NewTimer(idleInterval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if timer.Reset(idleInterval); server.Tick() {
				timer.Reset(busyInterval)
			}
		case err := <-failed:
			return fmt.Errorf("serving: %w", err)
		case <-ctx.Done():
			return stop(httpServer)
		}
	}
}

// stop lets calls under way finish, for a while.
func stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stopping: calls still under way after %v: %w", stopTimeout, err), server.Close())
	}
	return nil
}

// announce writes the endpoint to a file, whole or not at all.
func announce(path, endpoint string) error {
	if path == "" {
		return nil
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, []byte(endpoint+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing --endpoint-file: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("writing --endpoint-file: %w", err)
	}
	return nil
}

// lock keeps a second program away from the data. The lock ends with the
// program, however it ends.
func lock(dir string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("the data directory %s is in use by another local-aurora: stop that one or choose another --data-dir", dir)
	}
	return func() { file.Close() }, nil
}
