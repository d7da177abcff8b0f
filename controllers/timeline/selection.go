package timeline

import (
	"fmt"
	"slices"
	"time"
)

// selection is what of a timeline is drawn.
type selection struct {
	*Timeline
	shown []Stretch
}

// choose picks the stretches to draw, at most so many: the latest, and before them those that the present one descends
// from. Zero draws all.
func (t *Timeline) choose(most int) selection {
	if most <= 0 || len(t.Stretches) <= most {
		return selection{t, t.Stretches}
	}
	chosen := map[int]bool{}
	descent := t.Lineage(t.Now)
	for _, s := range descent[:min(len(descent), most/2)] {
		chosen[s.Number] = true
	}
	for i := len(t.Stretches); i > 0 && len(chosen) < most; i-- {
		chosen[i] = true
	}
	shown := slices.DeleteFunc(slices.Clone(t.Stretches), func(s Stretch) bool { return !chosen[s.Number] })
	return selection{t, shown}
}

// lane is the place of a stretch among those drawn, from 0; -1 when it is not.
func (s selection) lane(number int) int {
	return slices.IndexFunc(s.shown, func(stretch Stretch) bool { return stretch.Number == number })
}

// first is the left edge of the picture. Nothing that is drawn lies before it: an arrow leaves from inside its parent.
func (s selection) first() time.Time { return s.shown[0].Start }

// hidden counts the stretches that are not drawn.
func (s selection) hidden() int { return len(s.Stretches) - len(s.shown) }

func (s selection) hiddenNote() string {
	if s.hidden() == 1 {
		return "1 earlier stretch is not drawn"
	}
	return fmt.Sprintf("%d earlier stretches are not drawn", s.hidden())
}

// howTo says what the times at the stretches are for.
func (s selection) howTo() string {
	return "to get to the end of a stretch: kubectl backtrack run " + s.Cluster + " --to TIME"
}
