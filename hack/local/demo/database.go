package demo

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/aurora-backtrack/operator/hack/local/experiment"
)

// check reads the database, shows it, and holds it against what it should be. The application must see the same players.
func (d *demo) check(ctx context.Context, want experiment.Content) error {
	got, err := experiment.Read(ctx, d.database)
	if err != nil {
		return err
	}
	d.show(got)
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the database holds %v, want %v", got, want)
	}
	d.Tell("✓ the database holds exactly what it should")
	return nil
}

// show prints the tables side by side with their rows.
func (d *demo) show(all experiment.Content) {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		rows := make([]string, 0, len(all[name].Rows))
		for _, row := range all[name].Rows {
			rows = append(rows, strings.Join(row, " "))
		}
		d.Tell("%-14s (%s): %s", name, strings.Join(all[name].Columns, ", "), strings.Join(rows, " · "))
	}
}
