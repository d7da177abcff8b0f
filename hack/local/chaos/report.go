package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// report prints what was done, what came of it, and the table of what must hold.
func (s *storm) report(ctx context.Context, f *facts) {
	s.Say("What went wrong, by chance, in %s", time.Since(s.begin).Round(time.Second))
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, line := range s.tally.lines() {
		fmt.Fprintf(table, "   %s\t%s\n", line.what, line.count)
	}
	fmt.Fprintf(table, "   changes of leader\t%s\n", s.leaders(ctx))
	for _, line := range s.faultsMet(ctx) {
		fmt.Fprintf(table, "   %s\t%s\n", line.what, line.count)
	}
	_ = table.Flush()

	s.Say("What became of %d wishes", len(f.wishes))
	fmt.Fprintln(table, "   FATE\tWISHES\tENDING\tACCEPTED CALLS")
	for _, row := range f.endings() {
		fmt.Fprintf(table, "   %s\t%d\t%s\t%d\n", row.fate, row.wishes, row.ending, row.calls)
	}
	_ = table.Flush()

	s.Say("What must always hold (seed %d)", s.settings.Seed)
	fmt.Fprintln(table, "   BREACH\tCOUNT")
	total := 0
	for _, c := range checks {
		n := len(c.find(f))
		total += n
		fmt.Fprintf(table, "   %s\t%d\n", c.name, n)
	}
	fmt.Fprintf(table, "   together\t%d\n", total)
	_ = table.Flush()
	const shown = 50
	for i, breach := range f.breaches() {
		if i == shown {
			s.Tell("and %d more", total-shown)
			break
		}
		s.Tell("✗ %s", breach)
	}
}

// leaders is how often another manager took the lead.
func (s *storm) leaders(ctx context.Context) string {
	lease := &coordinationv1.Lease{}
	if err := s.kube.API.Get(ctx, client.ObjectKey{Namespace: cloud.OperatorNamespace, Name: manager}, lease); err != nil {
		return err.Error()
	}
	return fmt.Sprint(ptr.Deref(lease.Spec.LeaseTransitions, 0))
}

// faultsMet are the faults that calls met, by operation.
func (s *storm) faultsMet(ctx context.Context) []count {
	calls, err := s.rds.Calls(ctx, time.Time{})
	if err != nil {
		return []count{{"faults met", err.Error()}}
	}
	var met tally
	for _, call := range calls {
		if call.Fault != "" {
			met.add(call.Operation + ": " + call.Fault)
		}
	}
	return append(met.lines(), count{"calls to RDS in all", fmt.Sprint(len(calls))})
}

// row is how many wishes of a fate came to an ending.
type row struct {
	fate          fate
	ending        string
	wishes, calls int
}

func (f *facts) endings() []row {
	rows := map[string]*row{}
	for _, w := range f.wishes {
		end := "gone"
		if object, there := f.objects[w.String()]; there {
			end = reasonOf(&object)
		}
		key := string(w.fate) + " " + end
		if rows[key] == nil {
			rows[key] = &row{fate: w.fate, ending: end}
		}
		rows[key].wishes++
		rows[key].calls += len(f.callsFor(w))
	}
	var sorted []row
	for _, r := range rows {
		sorted = append(sorted, *r)
	}
	slices.SortFunc(sorted, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.fate, b.fate), cmp.Compare(a.ending, b.ending))
	})
	return sorted
}

// keep saves what a person needs to find out what happened, before the cloud is taken down.
func (s *storm) keep(ctx context.Context, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	err := os.CopyFS(filepath.Join(folder, "logs"), os.DirFS(s.cloud.Logs()))
	objects, listing := s.cloud.Kubectl(ctx, nil, "get", "--show-managed-fields", "-A", "-o", "yaml",
		"auroraclusters,aurorabacktracks,deployments,statefulsets,daemonsets,cronjobs,horizontalpodautoscalers,pods,events,leases")
	err = errors.Join(err, listing, os.WriteFile(filepath.Join(folder, "objects.yaml"), []byte(objects), 0o600))
	var calls []aurora.Call
	if s.rds != nil {
		var reading error
		calls, reading = s.rds.Calls(ctx, time.Time{})
		err = errors.Join(err, reading)
	}
	text, encoding := json.MarshalIndent(calls, "", " ")
	err = errors.Join(err, encoding, os.WriteFile(filepath.Join(folder, "calls.json"), text, 0o600))
	s.Say("The logs, all objects and the calls to RDS are kept in %s", folder)
	return err
}
