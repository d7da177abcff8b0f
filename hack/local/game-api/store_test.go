package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the demo is about: one failure is for ever, and nobody asks the database again.
func TestBrokenStaysBroken(t *testing.T) {
	s, asked := &store{}, 0
	do := func(result error) func(context.Context) error {
		return func(context.Context) error { asked++; return result }
	}
	if err := s.use(t.Context(), do(nil)); err != nil {
		t.Fatal(err)
	}
	first := s.use(t.Context(), do(errors.New("connection lost")))
	second := s.use(t.Context(), do(nil))
	if first == nil || !errors.Is(second, first) || asked != 2 {
		t.Errorf("got %v and then %v after %d questions, want the first error twice after 2", first, second, asked)
	}
	answer := httptest.NewRecorder()
	routes(s).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/players", nil))
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "connection lost") {
		t.Errorf("GET /players: %d %s, want 503 and why", answer.Code, answer.Body)
	}
}

// A client that hangs up is no reason to break the connection for all others.
func TestClientThatHangsUpBreaksNothing(t *testing.T) {
	s := &store{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.use(ctx, func(ctx context.Context) error { return ctx.Err() }); err != nil {
		t.Errorf("got %v, want that the question is asked to its end", err)
	}
}

func TestWhereTheDatabaseIsMustBeSaid(t *testing.T) {
	_, err := openStore(t.Context(), database{host: "127.0.0.1"})
	if err == nil || !strings.Contains(err.Error(), "--mysql-user") {
		t.Errorf("got %v, want an error that names the flags", err)
	}
}
