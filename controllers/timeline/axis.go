package timeline

import (
	"math"
	"slices"
	"time"
)

// tick is a time that the picture is about.
type tick struct {
	at time.Time
	// rank decides who is labelled where there is no room for all: lower first.
	rank int
	name string // "now" or "earliest" besides the time
}

// The ranks of ticks.
const (
	rankEdge  = iota // now and earliest
	rankStart        // where a backtrack took effect: a stretch ends, and another one starts
	rankFrom         // where a stretch continues from
	rankFirst        // the left edge
)

// ticks are the times of the picture, earliest first, each once.
func (s selection) ticks() []tick {
	all := []tick{{s.Now, rankEdge, "now"}}
	if !s.Earliest.IsZero() && !s.Earliest.Before(s.first()) {
		all = append(all, tick{s.Earliest, rankEdge, "earliest"})
	}
	for _, stretch := range s.shown {
		all = append(all, tick{stretch.End, rankStart, ""})
		if stretch.Backtrack == nil {
			continue
		}
		all = append(all, tick{stretch.Start, rankStart, ""})
		if s.lane(stretch.Parent) >= 0 {
			all = append(all, tick{stretch.From, rankFrom, ""})
		}
	}
	all = append(all, tick{s.first(), rankFirst, ""})
	slices.SortStableFunc(all, func(a, b tick) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.rank - b.rank
	})
	return slices.CompactFunc(all, func(a, b tick) bool { return a.at.Equal(b.at) })
}

// axis maps time to a place. It is not to scale: between two neighbouring ticks it is linear, and a longer time between
// them gets more room, but by its logarithm. Three days of quiet and two rewinds within a minute fit into one picture.
type axis struct {
	times  []time.Time
	places []float64
}

// newAxis lays the ticks out from 0 to width, neighbours at least gap apart where that is possible.
func newAxis(ticks []tick, width, gap float64) axis {
	a := axis{places: []float64{0}}
	for _, t := range ticks {
		a.times = append(a.times, t.at)
	}
	n := len(a.times) - 1
	if n < 1 {
		return a
	}
	shortest := a.times[n].Sub(a.times[0])
	for i := range n {
		shortest = min(shortest, a.times[i+1].Sub(a.times[i]))
	}
	weights, sum := make([]float64, n), 0.0
	for i := range n {
		weights[i] = math.Log2(1 + a.times[i+1].Sub(a.times[i]).Seconds()/max(shortest.Seconds(), 1e-3))
		sum += weights[i]
	}
	gap = min(gap, width/float64(n))
	free := width - gap*float64(n)
	for i := range n {
		a.places = append(a.places, a.places[i]+gap+free*weights[i]/sum)
	}
	return a
}

// place is where a time stands. What lies outside stands at the edge.
func (a axis) place(at time.Time) float64 {
	last := len(a.times) - 1
	i, exact := slices.BinarySearchFunc(a.times, at, time.Time.Compare)
	switch {
	case exact:
		return a.places[i]
	case i == 0:
		return a.places[0]
	case i > last:
		return a.places[last]
	}
	before, after := a.times[i-1], a.times[i]
	part := at.Sub(before).Seconds() / after.Sub(before).Seconds()
	return a.places[i-1] + part*(a.places[i]-a.places[i-1])
}

// clock writes the times of an axis as short as they stay different, in one zone. A day is named where it begins.
type clock struct {
	zone   *time.Location
	layout string
	day    string
}

func newClock(ticks []tick, zone *time.Location) *clock {
	c := &clock{zone: zone, layout: "15:04"}
	seen := map[string]bool{}
	for _, t := range ticks {
		minute := t.at.In(zone).Format("2006-01-02 15:04")
		if seen[minute] {
			c.layout = "15:04:05"
		}
		seen[minute] = true
	}
	if ticks[0].at.In(zone).Format(time.DateOnly) == ticks[len(ticks)-1].at.In(zone).Format(time.DateOnly) {
		c.day = ticks[0].at.In(zone).Format(time.DateOnly)
	}
	return c
}

// label is the tick's text. Ticks are to be labelled in the order of time.
func (c *clock) label(t tick) string {
	local := t.at.In(c.zone)
	text := local.Format(c.layout)
	if day := local.Format(time.DateOnly); day != c.day {
		c.day = day
		text = local.Format("Jan 2 ") + text
	}
	return text
}

// short is a time inside a sentence: with its day only if that is not today's.
func short(at, now time.Time, zone *time.Location) string {
	local := at.In(zone)
	if local.Format(time.DateOnly) == now.In(zone).Format(time.DateOnly) {
		return local.Format("15:04:05")
	}
	return local.Format("Jan 2 15:04:05")
}
