package show

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// mostCell bounds, in bytes, what stands in a cell.
const mostCell = 300

// Column of a table; a wide one is shown with -o wide only.
type Column struct {
	Name string
	Wide bool
}

// Table prints rows as kubectl prints them. What others wrote is cleaned.
func Table(t *terminal.Terminal, columns []Column, rows [][]string, wide bool) error {
	table := &metav1.Table{}
	for _, c := range columns {
		definition := metav1.TableColumnDefinition{Name: c.Name, Type: "string"}
		if c.Wide {
			definition.Priority = 1
		}
		table.ColumnDefinitions = append(table.ColumnDefinitions, definition)
	}
	for _, row := range rows {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = line.Clean(cell, mostCell)
		}
		table.Rows = append(table.Rows, metav1.TableRow{Cells: cells})
	}
	return printers.NewTablePrinter(printers.PrintOptions{Wide: wide}).PrintObj(table, t.Out)
}

// Or is the text, or a dash for none.
func Or(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
