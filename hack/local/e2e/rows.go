package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// row is a row that a writer sent and that the database acknowledged, with the times by this machine's clock.
type row struct {
	id                 string
	sent, acknowledged time.Time
}

// book keeps every acknowledged row where no rewind reaches it. Writers report over HTTP.
type book struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	rows []row
}

func openBook() (*book, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the writers' reports: %w", err)
	}
	b := &book{url: "http://" + listener.Addr().String() + "/rows"}
	b.server = &http.Server{Handler: http.HandlerFunc(b.take), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = b.server.Serve(listener) }() // it returns when it is closed
	return b, nil
}

func (b *book) close() { _ = b.server.Close() }

func (b *book) take(w http.ResponseWriter, r *http.Request) {
	var reported []struct {
		ID                 string
		Sent, Acknowledged int64
	}
	if err := json.NewDecoder(r.Body).Decode(&reported); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range reported {
		b.rows = append(b.rows, row{one.ID, time.Unix(0, one.Sent), time.Unix(0, one.Acknowledged)})
	}
}

// all is every row so far.
func (b *book) all() []row {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.rows)
}

// where picks the rows for which a condition holds.
func (b *book) where(holds func(row) bool) []row {
	return slices.DeleteFunc(b.all(), func(r row) bool { return !holds(r) })
}

// more waits until some rows more were acknowledged, so that what follows is about something.
func (t *test) more(ctx context.Context, b *book, rows int) error {
	since := len(b.all())
	return stage.Until(ctx, fmt.Sprintf("the writers have written %d rows more", rows), func() (bool, error) {
		return len(b.all()) >= since+rows, nil
	})
}

// moreAfter waits until some rows were acknowledged that were sent after the time.
func (t *test) moreAfter(ctx context.Context, b *book, rows int, after time.Time) error {
	return stage.Until(ctx, fmt.Sprintf("the writers have written %d rows after %s", rows, clock(after)), func() (bool, error) {
		return len(b.where(func(r row) bool { return r.sent.After(after) })) >= rows, nil
	})
}

var errNothing = errors.New("there is nothing to compare: the writers wrote nothing in that time")

// present fails unless all of the rows are among those of the database, or none of them if absent is set.
func present(inDatabase map[string]bool, rows []row, absent bool) error {
	if len(rows) == 0 {
		return errNothing
	}
	for _, r := range rows {
		if inDatabase[r.id] == absent {
			return fmt.Errorf("row %s, acknowledged at %s, is in the database: %t, want %t", r.id, clock(r.acknowledged), absent, !absent)
		}
	}
	return nil
}

// clock writes a time of this run.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
