package timeline

import (
	"fmt"
	"time"
)

// title and subtitle say in words what the picture shows.
func (s selection) title() string {
	backtracks := len(s.Stretches) - 1
	switch backtracks {
	case 0:
		return s.Cluster + ": no backtrack is known, so the history is one line"
	case 1:
		return s.Cluster + ": 1 backtrack, 2 stretches"
	}
	title := fmt.Sprintf("%s: %d backtracks, %d stretches", s.Cluster, backtracks, len(s.Stretches))
	if s.hidden() > 0 {
		title += fmt.Sprintf(" (%d of them drawn)", len(s.shown))
	}
	return title
}

func (s selection) subtitle(zone *time.Location) string {
	zoneName, _ := s.Now.In(zone).Zone()
	text := fmt.Sprintf("%s %s, not to scale", s.Now.In(zone).Format(time.DateOnly), zoneName)
	if s.Earliest.IsZero() {
		return text + " · the earliest time is not known"
	}
	return text + fmt.Sprintf(" · reaches back %s, to %s", Length(s.Now.Sub(s.Earliest)), short(s.Earliest, s.Now, zone))
}

// Length is a length of time in its two largest units, the second one only if there is something of it.
func Length(d time.Duration) string {
	d = d.Round(time.Second)
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, unit := range units[:3] {
		if d < unit.length {
			continue
		}
		text := fmt.Sprintf("%d%s", d/unit.length, unit.name)
		if rest := d % unit.length / units[i+1].length; rest > 0 {
			text += fmt.Sprintf("%d%s", rest, units[i+1].name)
		}
		return text
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// heading names what started a stretch.
func (s Stretch) heading(requester bool) string {
	b := s.Backtrack
	switch {
	case b == nil:
		return "the original"
	case b.Name == "":
		return "made elsewhere"
	case requester && b.Requester != "":
		return b.Name + ", by " + b.Requester
	}
	return b.Name
}

// sentence says what became of a backtrack that started no stretch.
func (b Backtrack) sentence(now time.Time, zone *time.Location) string {
	who := b.Name
	if who == "" {
		who = "a backtrack made elsewhere"
	}
	to := "to an unknown time"
	if !b.To.IsZero() {
		to = "to " + short(b.To, now, zone)
	}
	when := "at an unknown time"
	if !b.at().IsZero() {
		when = short(b.at(), now, zone)
	}
	switch b.State {
	case Failed:
		return fmt.Sprintf("✗ %s  %s, %s: RDS reads failed; look at the data", when, who, to)
	case UnderWay:
		return fmt.Sprintf("◌ %s  %s, %s: under way", when, who, to)
	case Unknown:
		return fmt.Sprintf("◌ %s  %s, %s: RDS may have been asked; it shows no record yet", when, who, to)
	case Completed:
		return fmt.Sprintf("◌ %s  %s, %s: completed, but its record says too little to draw it", when, who, to)
	}
	return fmt.Sprintf("◌ %s  %s, %s: %s", when, who, to, b.State)
}
