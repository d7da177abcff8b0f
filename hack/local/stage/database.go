package stage

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

// Endpoint is where a cluster's database is served, and as whom to go there.
type Endpoint struct {
	Host                     string
	Port                     int
	User, Password, Database string
	// TLS is as the driver has it: true, preferred, skip-verify; without it there is none.
	TLS string
}

// Database is a driver's own way to the data, beside the applications'.
type Database struct{ pool *sql.DB }

// OpenDatabase opens it. Close it in the end.
func OpenDatabase(ctx context.Context, where Endpoint) (*Database, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(where.Host, strconv.Itoa(where.Port))
	config.User, config.Passwd, config.DBName, config.TLSConfig = where.User, where.Password, where.Database, where.TLS
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	d := &Database{pool: sql.OpenDB(connector)}
	d.pool.SetMaxIdleConns(0) // every rewind closes all connections; a driver does not keep any
	if err := d.pool.PingContext(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("opening the database at %s: %w", config.Addr, err)
	}
	return d, nil
}

// Close ends it.
func (d *Database) Close() { _ = d.pool.Close() }

// Run runs statements one after the other, up to the first that fails.
func (d *Database) Run(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := d.pool.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Table is what a query gives, every value as text.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Query reads.
func (d *Database) Query(ctx context.Context, query string) (Table, error) {
	rows, err := d.pool.QueryContext(ctx, query)
	if err != nil {
		return Table{}, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return Table{}, fmt.Errorf("%s: %w", query, err)
	}
	result := Table{Columns: columns}
	for rows.Next() {
		row, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return Table{}, fmt.Errorf("%s: %w", query, err)
		}
		result.Rows = append(result.Rows, row)
	}
	return result, rows.Err()
}
