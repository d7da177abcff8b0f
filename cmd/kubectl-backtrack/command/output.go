package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/aurora-backtrack/operator/controllers/line"
)

// output is the flag -o: a table of ours, or what kubectl's printers make of an object.
type output struct {
	*genericclioptions.PrintFlags
	session *Session
}

func (s *Session) newOutput(cmd *cobra.Command, table bool) *output {
	o := &output{genericclioptions.NewPrintFlags("").WithTypeSetter(s.scheme), s}
	o.AddFlags(cmd)
	flag := cmd.Flags().Lookup("output")
	values := []string{"json", "yaml", "name"}
	if table {
		values = append([]string{"table", "wide"}, values...)
	}
	flag.Usage = "one of " + strings.Join(values, ", ") + ", or any other of kubectl's formats, such as jsonpath=…"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().VisitAll(flagHider(func(name string) bool {
		return slices.Contains([]string{"template", "allow-missing-template-keys", "show-managed-fields"}, name)
	}))
	return o
}

func flagHider(hide func(string) bool) func(*pflag.Flag) {
	return func(flag *pflag.Flag) { flag.Hidden = flag.Hidden || hide(flag.Name) }
}

// forPeople reports whether the output is text of ours, not an object.
func (o *output) forPeople() bool {
	return slices.Contains([]string{"", "table", "wide"}, *o.OutputFormat)
}

func (o *output) wide() bool { return *o.OutputFormat == "wide" }

// object prints an object by one of kubectl's printers.
func (o *output) object(object runtime.Object) error {
	printer, err := o.ToPrinter()
	if err != nil {
		return fmt.Errorf("%w; table and wide are known too", err)
	}
	if *o.OutputFormat == "name" && meta.IsListType(object) {
		return meta.EachListItem(object, func(item runtime.Object) error { return printer.PrintObj(item, o.session.Out) })
	}
	return printer.PrintObj(object, o.session.Out)
}

// column of a table; a wide one is shown with -o wide only.
type column struct {
	name string
	wide bool
}

// table prints rows as kubectl prints them. What others wrote is cleaned.
func (o *output) table(columns []column, rows [][]string) error {
	table := &metav1.Table{}
	for _, c := range columns {
		definition := metav1.TableColumnDefinition{Name: c.name, Type: "string"}
		if c.wide {
			definition.Priority = 1
		}
		table.ColumnDefinitions = append(table.ColumnDefinitions, definition)
	}
	for _, row := range rows {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = line.Clean(cell, 300)
		}
		table.Rows = append(table.Rows, metav1.TableRow{Cells: cells})
	}
	return printers.NewTablePrinter(printers.PrintOptions{Wide: o.wide()}).PrintObj(table, o.session.Out)
}

// or is the text, or a dash for none.
func or(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// defaultPrintFlags are those of a command without -o.
func defaultPrintFlags() *genericclioptions.PrintFlags { return genericclioptions.NewPrintFlags("") }
