package dashboard

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// dashboard is what is read of a Grafana dashboard.
type dashboard struct {
	Title       string  `json:"title"`
	Panels      []panel `json:"panels"`
	Annotations struct {
		List []struct{ Name, Expr string } `json:"list"`
	} `json:"annotations"`
}

type panel struct {
	ID          int      `json:"id"`
	Type        string   `json:"type"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	GridPos     gridPos  `json:"gridPos"`
	Targets     []target `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
}

// gridPos is where a panel stands, in a grid of 24 columns.
type gridPos struct{ H, W, X, Y int }

type target struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
	Instant      bool   `json:"instant"`
}

func read(path string) (dashboard, error) {
	var board dashboard
	content, err := os.ReadFile(path) //nolint:gosec // a file of the checkout
	if err != nil {
		return board, err
	}
	if err := json.Unmarshal(content, &board); err != nil {
		return board, fmt.Errorf("%s: %w", path, err)
	}
	return board, nil
}

// expand puts in what Grafana would for its variables.
func expand(expr string, begin time.Time) string {
	return strings.NewReplacer(
		"$__rate_interval", "15s", "$__range", fmt.Sprintf("%.0fs", max(time.Since(begin).Seconds(), 30)), "$auroracluster", ".*",
	).Replace(expr)
}

var labelInLegend = regexp.MustCompile(`{{ *(\w+) *}}`)

// legend is the name of a series in a panel's legend.
func legend(format string, labels map[string]string) string {
	return labelInLegend.ReplaceAllStringFunc(format, func(word string) string {
		return labels[labelInLegend.FindStringSubmatch(word)[1]]
	})
}
