package aurora

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const localPrefix = "/_local/"

// serveLocal answers what is not AWS's: the log of calls, the faults, and the
// odd situations.
func (s *Server) serveLocal(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, localPrefix)
	name, isCluster := strings.CutPrefix(path, "clusters/")
	secretOf, isSecret := strings.CutPrefix(path, "secrets/")
	var answer any
	var err error
	switch {
	case path == "calls" && r.Method == http.MethodGet:
		answer = s.Calls()
	case path == "calls" && r.Method == http.MethodDelete:
		s.ClearCalls()
	case path == "faults" && r.Method == http.MethodGet:
		answer = s.Faults()
	case path == "faults" && r.Method == http.MethodPut:
		var faults []Fault
		if err = decode(r, &faults); err == nil {
			err = s.SetFaults(faults)
		}
	case path == "faults" && r.Method == http.MethodDelete:
		err = s.SetFaults(nil)
	case path == "timing" && r.Method == http.MethodGet:
		answer = s.timing()
	case path == "timing" && r.Method == http.MethodPut:
		err = s.putTiming(r)
	case isSecret && r.Method == http.MethodGet:
		answer, err = s.secret(secretOf)
	case isCluster && r.Method == http.MethodPatch:
		err = s.patchCluster(name, r)
	default:
		http.Error(w, "Here are: GET, DELETE /_local/calls; GET, PUT, DELETE /_local/faults; GET, PUT /_local/timing; PATCH /_local/clusters/{identifier}; GET /_local/secrets/{identifier}.", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	_ = e.Encode(answer) // the caller may be gone; that is its own affair
}

// decode reads one JSON value and nothing else.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the body is not the JSON expected here: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body has something behind its JSON value")
	}
	return nil
}

// patchCluster sets an odd situation; what is absent stays.
func (s *Server) patchCluster(name string, r *http.Request) error {
	var patch struct {
		Status                *string    `json:"status"`
		Engine                *string    `json:"engine"`
		EngineMode            *string    `json:"engineMode"`
		BinaryLogging         *bool      `json:"binaryLogging"`
		FailNextBacktrack     *bool      `json:"failNextBacktrack"`
		EarliestBacktrackTime *time.Time `json:"earliestBacktrackTime"`
		GlobalCluster         *string    `json:"globalClusterIdentifier"`
	}
	if err := decode(r, &patch); err != nil {
		return err
	}
	return s.EditCluster(name, func(c *Cluster) {
		set(&c.Status, patch.Status)
		set(&c.Engine, patch.Engine)
		set(&c.EngineMode, patch.EngineMode)
		set(&c.BinaryLogging, patch.BinaryLogging)
		set(&c.FailNextBacktrack, patch.FailNextBacktrack)
		set(&c.EarliestBacktrackTime, patch.EarliestBacktrackTime)
		set(&c.GlobalClusterIdentifier, patch.GlobalCluster)
	})
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
