package e2e

import (
	"io"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// What judges a run must be able to say no.

func TestPresent(t *testing.T) {
	a, b := row{id: "a"}, row{id: "b"}
	for name, test := range map[string]struct {
		rows    []row
		absent  bool
		wantErr bool
	}{
		"all are there":            {rows: []row{a}},
		"one is missing":           {rows: []row{a, b}, wantErr: true},
		"none is there":            {rows: []row{b}, absent: true},
		"one should not be there":  {rows: []row{b, a}, absent: true, wantErr: true},
		"nothing to be looked for": {wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := present(map[string]bool{"a": true}, test.rows, test.absent); (err != nil) != test.wantErr {
				t.Errorf("got %v, want an error: %t", err, test.wantErr)
			}
		})
	}
}

func TestSilent(t *testing.T) {
	run := test{Voice: stage.Voice{Out: io.Discard}}
	begin := time.Now()
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	for name, test := range map[string]struct {
		quiet   quiet
		wantErr bool
	}{
		"nothing in between":                        {quiet{from: at(11), to: at(19), asked: at(12)}, false},
		"a row after the pods were said to be gone": {quiet{from: at(9), to: at(19), asked: at(12)}, true},
		"a row after RDS was asked":                 {quiet{from: at(11), to: at(19), asked: at(9)}, true},
		"a row before the resume":                   {quiet{from: at(11), to: at(21), asked: at(12)}, true},
		"a pause that nobody saw":                   {quiet{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := &writing{test: &run, book: &book{rows: []row{{id: "last", acknowledged: at(10)}, {id: "first", acknowledged: at(20)}}}}
			if err := w.silent(name, test.quiet); (err != nil) != test.wantErr {
				t.Errorf("got %v, want an error: %t", err, test.wantErr)
			}
		})
	}
}

func TestRightsAreTakenApart(t *testing.T) {
	got := rights("r", "", []rbacv1.PolicyRule{
		{APIGroups: []string{"", "apps"}, Resources: []string{"x"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{"apps"}, Resources: []string{"y/status"}, Verbs: []string{"get"}, ResourceNames: []string{"a", "b"}},
	})
	if len(got) != 6 {
		t.Fatalf("got %v, want 6 rights", got)
	}
	for name, test := range map[string]struct {
		right   right
		request stage.Request
		want    bool
	}{
		"the same":                   {right{verb: "get", resource: "apps/x"}, stage.Request{Verb: "get", Resource: "apps/x", Namespace: "n", Name: "a"}, true},
		"another verb":               {right{verb: "get", resource: "apps/x"}, stage.Request{Verb: "list", Resource: "apps/x"}, false},
		"a subresource":              {right{verb: "get", resource: "apps/x"}, stage.Request{Verb: "get", Resource: "apps/x/status"}, false},
		"another name":               {right{verb: "get", resource: "apps/x", name: "a"}, stage.Request{Verb: "get", Resource: "apps/x", Name: "b"}, false},
		"another namespace":          {right{verb: "get", resource: "apps/x", namespace: "n"}, stage.Request{Verb: "get", Resource: "apps/x", Namespace: "m"}, false},
		"the name and the namespace": {right{verb: "get", resource: "apps/x", namespace: "n", name: "a"}, stage.Request{Verb: "get", Resource: "apps/x", Namespace: "n", Name: "a"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.right.covers(test.request); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
