// Command game-api is the demo's application: a small HTTP service that treats its database as far too many services
// do. It opens one connection at its start, prepares its statements on it and remembers the schema it found. When the
// connection breaks it stays broken, and so does its readiness, until somebody restarts it: which is what the operator
// is there for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("game-api ends", "error", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", envOr("LISTEN", ":8080"), "the address to serve HTTP at; also LISTEN")
	var where database
	flag.StringVar(&where.host, "mysql-host", envOr("MYSQL_HOST", ""), "the database's host; also MYSQL_HOST")
	flag.StringVar(&where.port, "mysql-port", envOr("MYSQL_PORT", "3306"), "the database's port; also MYSQL_PORT")
	flag.StringVar(&where.user, "mysql-user", envOr("MYSQL_USER", ""), "the database's user; also MYSQL_USER")
	flag.StringVar(&where.name, "mysql-database", envOr("MYSQL_DATABASE", ""), "the database's name; also MYSQL_DATABASE")
	where.password = os.Getenv("MYSQL_PASSWORD")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), `game-api serves the players of a game from a MySQL database over one connection that it never renews.

  GET /players  all players, with the columns the table had when game-api started
  GET /tables   the tables the database had when game-api started
  GET /readyz   200 as long as the connection lives, 503 for ever after
  GET /livez    200

The password is read from MYSQL_PASSWORD.

Flags:
`)
		flag.PrintDefaults()
	}
	flag.Parse()
	store, err := openStore(ctx, where)
	if err != nil {
		return err
	}
	defer store.close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	slog.Info("game-api serves", "address", listener.Addr(), "database", where.name, "tables", store.tables)
	server := &http.Server{Handler: routes(store), ReadHeaderTimeout: 5 * time.Second}
	go func() { //nolint:gosec // the context is over when the server is to be shut down
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
