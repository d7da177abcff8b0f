package main

import (
	"encoding/json"
	"net/http"
)

// routes are what the service answers.
func routes(store *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /players", func(w http.ResponseWriter, r *http.Request) {
		players, err := store.players(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer(w, players)
	})
	mux.HandleFunc("GET /tables", func(w http.ResponseWriter, _ *http.Request) { answer(w, store.tables) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := store.check(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return mux
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
