// Command writer is the application of `make e2e`: it inserts rows as fast as its database lets it, and tells which of
// them were acknowledged to somebody who is not rewound with the database. It stops as busy services do: on SIGTERM it
// goes on writing for a while, to bring its work to an end.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	if err := run(told); err != nil {
		slog.Error("writer ends", "error", err)
		os.Exit(1)
	}
}

func run(told <-chan os.Signal) error {
	var where database
	flag.StringVar(&where.host, "mysql-host", os.Getenv("MYSQL_HOST"), "the database's host; also MYSQL_HOST")
	flag.StringVar(&where.port, "mysql-port", os.Getenv("MYSQL_PORT"), "the database's port; also MYSQL_PORT")
	flag.StringVar(&where.user, "mysql-user", os.Getenv("MYSQL_USER"), "the database's user; also MYSQL_USER")
	flag.StringVar(&where.name, "mysql-database", os.Getenv("MYSQL_DATABASE"), "the database's name; also MYSQL_DATABASE")
	where.password = os.Getenv("MYSQL_PASSWORD")
	name := flag.String("name", os.Getenv("POD_NAME"), "what the ids of its rows begin with, unique to this process; also POD_NAME")
	report := flag.String("report", os.Getenv("REPORT_URL"), "where to POST the acknowledged rows, as a JSON list; also REPORT_URL")
	linger := flag.Duration("linger", 0, "how long it goes on writing after SIGTERM")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), `writer inserts rows into the table writes (id VARCHAR(100) PRIMARY KEY) over one connection, one after the
other, and reports those that were acknowledged: {"id", "sent", "acknowledged"}, the times in nanoseconds since
1970. It ends with an error when its connection breaks. The password is read from MYSQL_PASSWORD.

Flags:
`)
		flag.PrintDefaults()
	}
	flag.Parse()
	if *name == "" || *report == "" {
		return fmt.Errorf("--name and --report must be set: see --help")
	}
	table, err := openTable(context.Background(), where)
	if err != nil {
		return err
	}
	defer table.close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		<-told
		time.AfterFunc(*linger, stop)
	}()
	reports := newReporter(*report)
	err = write(ctx, table, *name, reports)
	if reported := reports.finish(); reported != nil {
		return reported
	}
	return err
}

// write inserts until it is told to end or the database fails. Who sends a row and hears nothing does not know what
// became of it, and reports nothing.
func write(ctx context.Context, table *table, name string, reports *reporter) error {
	for n := 0; ctx.Err() == nil; n++ {
		row := row{ID: fmt.Sprintf("%s-%d-%d", name, os.Getpid(), n), Sent: time.Now().UnixNano()}
		if err := table.insert(row.ID); err != nil {
			return err
		}
		row.Acknowledged = time.Now().UnixNano()
		reports.add(row)
	}
	return nil
}
