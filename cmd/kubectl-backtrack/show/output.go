// Package show prints what the plugin shows: tables and objects, plans, endings, and the progress of a rewind.
package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
)

// Output is the flag -o: a table of ours, or what kubectl's printers make of an object.
type Output struct {
	*genericclioptions.PrintFlags
	terminal *terminal.Terminal
}

// NewOutput adds the flag to a command; table says whether it has a table of its own.
func NewOutput(cmd *cobra.Command, t *terminal.Terminal, scheme *runtime.Scheme, table bool) *Output {
	o := &Output{genericclioptions.NewPrintFlags("").WithTypeSetter(scheme), t}
	o.AddFlags(cmd)
	flag := cmd.Flags().Lookup("output")
	values := []string{"json", "yaml", "name"}
	if table {
		values = append([]string{"table", "wide"}, values...)
	}
	flag.Usage = "one of " + strings.Join(values, ", ") + ", or any other of kubectl's formats, such as jsonpath=…"
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().VisitAll(FlagHider(func(name string) bool {
		return slices.Contains([]string{"template", "allow-missing-template-keys", "show-managed-fields"}, name)
	}))
	return o
}

// FlagHider hides the flags that are named, besides those that are hidden already.
func FlagHider(hide func(string) bool) func(*pflag.Flag) {
	return func(flag *pflag.Flag) { flag.Hidden = flag.Hidden || hide(flag.Name) }
}

// ForPeople reports whether the output is text of ours, not an object.
func (o *Output) ForPeople() bool {
	return slices.Contains([]string{"", "table", "wide"}, *o.OutputFormat)
}

// Check is an error if the format is none that is known: before anything is done, not when it is to be printed.
func (o *Output) Check() error {
	if o.ForPeople() {
		return nil
	}
	_, err := o.printer()
	return err
}

func (o *Output) printer() (printers.ResourcePrinter, error) {
	printer, err := o.ToPrinter()
	if err != nil {
		return nil, fmt.Errorf("%w; table and wide are known too", err)
	}
	return printer, nil
}

// Object prints an object by one of kubectl's printers.
func (o *Output) Object(object runtime.Object) error {
	printer, err := o.printer()
	if err != nil {
		return err
	}
	if *o.OutputFormat == "name" && meta.IsListType(object) {
		return meta.EachListItem(object, func(item runtime.Object) error { return printer.PrintObj(item, o.terminal.Out) })
	}
	return printer.PrintObj(object, o.terminal.Out)
}

// Table prints rows as kubectl prints them; columns that are wide with -o wide only.
func (o *Output) Table(columns []Column, rows [][]string) error {
	return Table(o.terminal, columns, rows, *o.OutputFormat == "wide")
}
