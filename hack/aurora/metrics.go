package aurora

import (
	"slices"
	"strings"
	"time"
)

// metric gives a value of a cluster at a time within its life.
type metric func(s *Server, c *Cluster, at time.Time) float64

// metrics are the backtrack metrics that Aurora publishes in the namespace
// AWS/RDS for every cluster and its instances. Only the present is known: what
// a metric was follows from the cluster as it is now.
var metrics = map[string]metric{
	// Minutes by which the actual window is shorter than the target.
	"BacktrackWindowActual": func(_ *Server, c *Cluster, at time.Time) float64 {
		return c.earliest(at).Sub(c.target(at)).Minutes()
	},
	// How often the actual window was smaller than the target.
	"BacktrackWindowAlert": func(_ *Server, c *Cluster, at time.Time) float64 {
		if c.windowShort(at) {
			return 1
		}
		return 0
	},
	"BacktrackChangeRecordsStored": func(_ *Server, c *Cluster, _ time.Time) float64 {
		return float64(c.database.ChangeRecords())
	},
	// Records in five minutes, over the time for which they are stored.
	"BacktrackChangeRecordsCreationRate": func(_ *Server, c *Cluster, at time.Time) float64 {
		stored := at.Sub(c.earliest(at))
		if stored <= 0 {
			return 0
		}
		return float64(c.database.ChangeRecords()) * float64(5*time.Minute) / float64(stored)
	},
}

// metricQuery is one of the MetricDataQueries.
type metricQuery struct {
	id, label string
	metric    metric
	cluster   *Cluster
	period    time.Duration
}

type metricResult struct {
	Id         string
	Label      string
	Timestamps []metricTime `xml:"Timestamps>member"`
	Values     []float64    `xml:"Values>member"`
	StatusCode string
}

// metricTime is a time that both forms of the protocol can write: as text in
// XML, as seconds in JSON.
type metricTime time.Time

// MarshalText writes the time for XML.
func (t metricTime) MarshalText() ([]byte, error) { return []byte(timestamp(time.Time(t))), nil }

// MarshalJSON writes the time for JSON.
func (t metricTime) MarshalJSON() ([]byte, error) {
	return []byte(itoa(int(time.Time(t).Unix()))), nil
}

const (
	maxMetricQueries = 500
	maxDatapoints    = 100_800
)

func (s *Server) getMetricData(c *call) (any, error) {
	from, to, err := c.metricSpan()
	if err != nil {
		return nil, err
	}
	result := struct {
		MetricDataResults []metricResult `xml:"MetricDataResults>member"`
	}{}
	for n := 1; n <= maxMetricQueries; n++ {
		if _, ok := c.at("MetricDataQueries", "member", n, ".Id"); !ok {
			break
		}
		query, err := s.metricQuery(c, n)
		if err != nil {
			return nil, err
		}
		if to.Sub(from)/query.period > maxDatapoints {
			return nil, fail(codeValidation, "The query %s asks for more than %d datapoints.", query.id, maxDatapoints)
		}
		result.MetricDataResults = append(result.MetricDataResults, s.evaluate(query, from, to, c.Get("ScanBy") == "TimestampAscending"))
	}
	return result, nil
}

func (c *call) metricSpan() (from, to time.Time, err error) {
	if from, err = c.time("StartTime"); err != nil {
		return from, to, err
	}
	if to, err = c.time("EndTime"); err != nil {
		return from, to, err
	}
	if from.IsZero() || to.IsZero() || !from.Before(to) {
		err = fail(codeValidation, "The parameters StartTime and EndTime are required, and StartTime must be less than EndTime.")
	}
	return from, to, err
}

// metricQuery reads one query: a backtrack metric of a cluster or an instance.
func (s *Server) metricQuery(c *call, n int) (metricQuery, error) {
	get := func(rest string) string { value, _ := c.at("MetricDataQueries", "member", n, rest); return value }
	name := get(".MetricStat.Metric.MetricName")
	query := metricQuery{id: get(".Id"), label: get(".Label"), metric: metrics[name]}
	setDefault(&query.label, name)
	seconds, err := params{map[string][]string{"Period": {get(".MetricStat.Period")}}}.integer("Period", 60)
	switch {
	case err != nil:
		return query, err
	case query.metric == nil || get(".MetricStat.Metric.Namespace") != "AWS/RDS":
		return query, fail(codeValidation, "The local Aurora has the metrics %s of the namespace AWS/RDS, no others, and no expressions.", strings.Join(metricNames(), ", "))
	case seconds < 60 || seconds%60 != 0:
		return query, fail(codeValidation, "The period of %s must be a multiple of 60 seconds.", query.id)
	}
	query.period = time.Duration(seconds) * time.Second
	dimension, value := get(".MetricStat.Metric.Dimensions.member.1.Name"), get(".MetricStat.Metric.Dimensions.member.1.Value")
	switch dimension {
	case "DBClusterIdentifier":
		query.cluster = s.state.cluster(c.caller.account, c.caller.region, value)
	case "DBInstanceIdentifier":
		if i := s.state.instance(c.caller.account, c.caller.region, value); i != nil {
			query.cluster = s.clusterOf(i)
		}
	default:
		return query, fail(codeValidation, "The local Aurora has metrics by DBClusterIdentifier and by DBInstanceIdentifier.")
	}
	return query, nil
}

func metricNames() []string {
	var names []string
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// evaluate gives a value for each period. A cluster that is not there, or that
// can't be backtracked, has no data; neither has a time before its creation or
// in the future.
func (s *Server) evaluate(q metricQuery, from, to time.Time, ascending bool) metricResult {
	result := metricResult{Id: q.id, Label: q.label, Timestamps: []metricTime{}, Values: []float64{}, StatusCode: "Complete"}
	if q.cluster == nil || !q.cluster.canBacktrack() {
		return result
	}
	now := s.opts.Now()
	for at := from.Truncate(q.period); at.Before(to); at = at.Add(q.period) {
		if at.Before(from) || at.Before(q.cluster.CreatedAt) || at.After(now) {
			continue
		}
		result.Timestamps = append(result.Timestamps, metricTime(at))
		result.Values = append(result.Values, q.metric(s, q.cluster, at))
	}
	if !ascending {
		slices.Reverse(result.Timestamps)
		slices.Reverse(result.Values)
	}
	return result
}
