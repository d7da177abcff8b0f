package demo

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// endpoint is where a cluster's database is served, and as whom to go there.
type endpoint struct {
	host               string
	port               int
	user, password, db string
}

// database is the demo's own way to the data, beside the application's.
type database struct{ pool *sql.DB }

func openDatabase(ctx context.Context, where endpoint) (*database, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(where.host, strconv.Itoa(where.port))
	config.User, config.Passwd, config.DBName = where.user, where.password, where.db
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	d := &database{pool: sql.OpenDB(connector)}
	d.pool.SetMaxIdleConns(0) // every rewind closes all connections; the demo does not keep any
	if err := d.pool.PingContext(ctx); err != nil {
		d.close()
		return nil, fmt.Errorf("opening the database at %s: %w", config.Addr, err)
	}
	return d, nil
}

func (d *database) close() { _ = d.pool.Close() }

func (d *database) run(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := d.pool.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// read gives everything in the database.
func (d *database) read(ctx context.Context) (content, error) {
	names, err := d.query(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	all := content{}
	for _, name := range names.rows {
		if all[name[0]], err = d.query(ctx, "SELECT * FROM `"+name[0]+"` ORDER BY id"); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d *database) query(ctx context.Context, query string) (table, error) {
	rows, err := d.pool.QueryContext(ctx, query)
	if err != nil {
		return table{}, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return table{}, fmt.Errorf("%s: %w", query, err)
	}
	result := table{columns: columns}
	for rows.Next() {
		row, targets := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return table{}, fmt.Errorf("%s: %w", query, err)
		}
		result.rows = append(result.rows, row)
	}
	return result, rows.Err()
}

// check reads the database, shows it, and holds it against what it should be. The application must see the same players.
func (s *stage) check(ctx context.Context, want content) error {
	got, err := s.database.read(ctx)
	if err != nil {
		return err
	}
	s.show(got)
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the database holds %v, want %v", got, want)
	}
	s.tell("✓ the database holds exactly what it should")
	return nil
}

// show prints the tables side by side with their rows.
func (s *stage) show(all content) {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		rows := make([]string, 0, len(all[name].rows))
		for _, row := range all[name].rows {
			rows = append(rows, strings.Join(row, " "))
		}
		s.tell("%-14s (%s): %s", name, strings.Join(all[name].columns, ", "), strings.Join(rows, " · "))
	}
}
