package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
)

// patience is how long one statement may take.
const patience = 5 * time.Second

// database is where the rows go.
type database struct{ host, port, user, password, name string }

// table is the table writes, over one connection that is never renewed.
type table struct {
	pool *sql.DB
	conn *sql.Conn
	one  *sql.Stmt
}

func openTable(ctx context.Context, where database) (*table, error) {
	if where.host == "" || where.user == "" || where.name == "" {
		return nil, errors.New("--mysql-host, --mysql-user and --mysql-database must be set: see --help")
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(where.host, where.port)
	config.User, config.Passwd, config.DBName = where.user, where.password, where.name
	config.Timeout, config.ReadTimeout, config.WriteTimeout = patience, patience, patience
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	t := &table{pool: sql.OpenDB(connector)}
	if t.conn, err = t.pool.Conn(ctx); err == nil {
		t.one, err = t.conn.PrepareContext(ctx, "INSERT INTO writes (id) VALUES (?)")
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("opening the database %s at %s: %w", where.name, config.Addr, err)
	}
	return t, nil
}

// insert returns nil once the database has acknowledged the row.
func (t *table) insert(id string) error {
	if _, err := t.one.Exec(id); err != nil {
		return fmt.Errorf("inserting %s: %w", id, err)
	}
	return nil
}

func (t *table) close() { _ = t.pool.Close() }
