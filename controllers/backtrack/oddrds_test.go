package backtrack

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// shifted is the clock of a machine that goes wrong.
type shifted struct {
	clock.PassiveClock
	by time.Duration
}

func (s shifted) Now() time.Time                  { return s.PassiveClock.Now().Add(s.by) }
func (s shifted) Since(t time.Time) time.Duration { return s.Now().Sub(t) }

// asks lets the operator ask RDS with another clock, and lets the test change what RDS answers. The change may
// be nil.
func (o *operator) asks(by time.Duration, change func(action, body string) string) {
	now := shifted{o.clock, by}
	answered := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		response, err := o.rds.Client().Transport.RoundTrip(r)
		if err != nil || change == nil {
			return response, err
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		changed := change(form.Get("Action"), string(answer))
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
		response.Header.Del("Content-Length")
		return response, nil
	})}
	rds := rds.NewProvider(rds.Options{Clock: now, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: o.wire.http(answered),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}})
	o.backtracks.RDS, o.clusters.RDS = rds, rds
	o.backtracks.Clock, o.clusters.Clock, o.backtracks.Workloads.Clock, o.backtracks.Events.Clock = now, now, now, now
}

// says replaces the status word of every record in the history.
func says(from, to string) func(action, body string) string {
	return func(action, body string) string {
		if action != "DescribeDBClusterBacktracks" {
			return body
		}
		return strings.ReplaceAll(body, "<Status>"+from+"</Status>", "<Status>"+to+"</Status>")
	}
}

// TestClockSkew has operators whose clocks are wrong by ten minutes: a lost answer is still found, and the
// time of the request is judged by RDS's clock.
func TestClockSkew(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range []string{"", local.FaultLostReply, local.FaultConnectionReset} {
				w := newWorld(t)
				w.dependents()
				w.elsewhere("testcluster", "2023-12-23T13:50:00Z") // not ours: it is older than the claim
				w.clock.Step(time.Minute)
				if fault != "" {
					w.rds.FailNext("BacktrackDBCluster", fault, 1)
				}
				o, _ := w.watched(nil)
				o.asks(by, nil)
				o.round()
				b := undo("undo")
				b.Spec.BacktrackTo = "2023-12-23T13:50:30Z"
				b.Spec.Repeat = "b1"
				w.create(b)
				b = o.finish("undo")
				equal(t, "the path", path(b), fullPath)
				equal(t, "the number of accepted calls", w.accepted(), 1+1)
				c, err := w.rds.Cluster("testcluster")
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "the record", b.Status.Backtrack.ID, c.Backtracks[1].Identifier)
				equal(t, "the claim's skew in seconds", time.Duration(b.Status.Claim.ClockSkew)*time.Second, -by)
				equal(t, "the plan's distance", b.Status.Plan.Distance, "20m30s")
			}
		})
	}
}

// TestStatusWords has words that RDS does not document: they are neither success nor failure.
func TestStatusWords(t *testing.T) {
	for name, test := range map[string]struct {
		change func(action, body string) string

		wantReason  string
		wantMessage string
	}{
		"mixed case":                 {change: says("completed", "Completed"), wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound},
		"a word before it completes": {change: says("applying", "rewinding-volumes"), wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			o, _ := w.watched(nil)
			o.asks(0, test.change)
			o.round()
			w.create(undo("undo"))
			b := o.finish("undo")
			equal(t, "the message", w.message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			equal(t, "the number of calls", w.asked(), 1)
		})
	}
}

// TestForeignRecords has backtracks of somebody else around a call whose answer was lost.
func TestForeignRecords(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*world) // right before RDS gets the call
		after  func(*world) // once it has it
		fault  string

		wantReason   string
		wantMessage  string
		wantPath     string
		wantAccepted int
		wantLedger   string
	}{
		"somebody is faster, to another time": {
			before:       func(w *world) { w.elsewhere("testcluster", "2023-12-23T13:00:00Z") },
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  strings.Replace(rewound, "14:10:05", "14:10:23", 1),
			wantPath:     fullPath,
			wantAccepted: 2, wantLedger: "completed elsewhere, completed undo",
		},
		"somebody is faster, to the same time, and the answer is lost": {
			before: func(w *world) { w.elsewhere("testcluster", "2023-12-23T13:55:00Z") }, fault: local.FaultConnectionReset,
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  rewound,
			wantPath:     fullPath,
			wantAccepted: 1, wantLedger: "completed undo",
		},
		"somebody makes another one before RDS could list ours": {
			after: func(w *world) {
				w.clock.Step(time.Minute)
				w.elsewhere("testcluster", "2023-12-23T13:55:10Z")
				w.clock.Step(time.Minute)
			}, fault: local.FaultLostReply,
			wantReason:   v1alpha1.ReasonOutcomeUnknown,
			wantMessage:  "the answer to the call was lost, and RDS lists 2 backtracks since then that may be it (#1, #2, …): look at the data and at who else rewinds this cluster",
			wantPath:     untilPaused + " Backtracked=False/OutcomeUnknown DependentsReconnected=True/Resumed",
			wantAccepted: 2, wantLedger: "claimed undo, completed elsewhere, completed elsewhere",
		},
		"RDS did nothing, and somebody makes another one": {
			after: func(w *world) {
				w.clock.Step(time.Minute)
				w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
				w.clock.Step(time.Minute)
			}, fault: local.FaultConnectionReset,
			wantReason:   v1alpha1.ReasonOutcomeUnknown,
			wantMessage:  "the answer to the call was lost, and RDS lists backtrack #1, which somebody else made since then: look at the data and at who else rewinds this cluster",
			wantPath:     untilPaused + " Backtracked=False/OutcomeUnknown DependentsReconnected=True/Resumed",
			wantAccepted: 1, wantLedger: "claimed undo, completed elsewhere",
		},
		"ours is done, and somebody makes another one": {
			after: func(w *world) {
				w.clock.Step(time.Minute)
				w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
				w.clock.Step(time.Minute)
			}, fault: local.FaultLostReply,
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  rewound,
			wantPath:     fullPath,
			wantAccepted: 2, wantLedger: "completed undo, completed elsewhere",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			first := true
			o, _ := w.watched(func(m moment) error {
				if m.What != "BacktrackDBCluster" || !first {
					return nil
				}
				if !m.After && test.before != nil {
					test.before(w)
				}
				if !m.After && test.fault != "" {
					w.rds.FailNext("BacktrackDBCluster", test.fault, 1)
				}
				if m.After {
					first = false
					if test.after != nil {
						test.after(w)
					}
				}
				return nil
			})
			o.round()
			w.create(undo("undo"))
			b := o.finish("undo")
			equal(t, "the reason", verdictOf(b), test.wantReason)
			equal(t, "the message", w.message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			equal(t, "the path", path(b), test.wantPath)
			equal(t, "the number of accepted calls", w.accepted(), test.wantAccepted)
			w.asBefore(b, b.Status.Claim != nil)
			o.elapse(10 * time.Minute)
			equal(t, "the ledger", w.ledger(), test.wantLedger)
		})
	}
}

// verdictOf is the reason of Succeeded.
func verdictOf(b *v1alpha1.AuroraBacktrack) string {
	return meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded).Reason
}
