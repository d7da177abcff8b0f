package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// database is where the players are.
type database struct{ host, port, user, password, name string }

// store is everything game-api knows of the database: one connection, one statement prepared on it, and the schema as
// it was when the connection was opened. None of it is ever renewed.
type store struct {
	pool   *sql.DB
	conn   *sql.Conn
	list   *sql.Stmt
	tables []string

	// mu makes all requests share the one connection; broken is the first error it gave.
	mu     sync.Mutex
	broken error
}

// patience is how long one question to the database may take.
const patience = 2 * time.Second

func openStore(ctx context.Context, where database) (*store, error) {
	if where.host == "" || where.user == "" || where.name == "" {
		return nil, errors.New("--mysql-host, --mysql-user and --mysql-database must be set: see --help")
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(where.host, where.port)
	config.User, config.Passwd, config.DBName = where.user, where.password, where.name
	config.Timeout, config.ReadTimeout, config.WriteTimeout = patience, patience, patience
	config.ParseTime = true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	s := &store{pool: sql.OpenDB(connector)}
	if err := s.open(ctx); err != nil {
		s.close()
		return nil, fmt.Errorf("opening the database %s at %s: %w", where.name, config.Addr, err)
	}
	return s, nil
}

func (s *store) open(ctx context.Context) (err error) {
	if s.conn, err = s.pool.Conn(ctx); err != nil {
		return err
	}
	if s.tables, err = s.readTables(ctx); err != nil {
		return err
	}
	s.list, err = s.conn.PrepareContext(ctx, "SELECT * FROM players ORDER BY id")
	return err
}

func (s *store) readTables(ctx context.Context) ([]string, error) {
	rows, err := s.conn.QueryContext(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}

// players lists all players: a map a row, by the names of the columns.
func (s *store) players(ctx context.Context) (players []map[string]any, err error) {
	err = s.use(ctx, func(ctx context.Context) error {
		rows, err := s.list.QueryContext(ctx)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		players = []map[string]any{}
		for rows.Next() {
			row, err := scanRow(rows, columns)
			if err != nil {
				return err
			}
			players = append(players, row)
		}
		return rows.Err()
	})
	return players, err
}

func scanRow(rows *sql.Rows, columns []string) (map[string]any, error) {
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return nil, err
	}
	row := map[string]any{}
	for i, column := range columns {
		if text, ok := values[i].([]byte); ok {
			values[i] = string(text)
		}
		row[column] = values[i]
	}
	return row, nil
}

// check asks whether the connection lives.
func (s *store) check(ctx context.Context) error {
	return s.use(ctx, s.conn.PingContext)
}

// use does something on the one connection. After its first failure nothing is tried on it any more: this is the fault
// that game-api is there to show.
func (s *store) use(ctx context.Context, do func(context.Context) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	// A client that hangs up must not break the connection for all others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := do(ctx); err != nil {
		s.broken = fmt.Errorf("the connection to the database is broken: %w", err)
		return s.broken
	}
	return nil
}

func (s *store) close() { _ = s.pool.Close() }
