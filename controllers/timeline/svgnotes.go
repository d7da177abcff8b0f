package timeline

import (
	"fmt"
)

// moments are a row of signs below the lanes; the notes list them.
func (p *svgPicture) moments(bottom float64) {
	for _, m := range p.visibleMoments() {
		p.printf(`<path class="ink" d="M%.1f %.1fl5 5l-5 5l-5 -5z"><title>%s</title></path>`+"\n", p.x(m.At), bottom-2, escape(m.What))
	}
}

// notes are the lines below the picture.
func (p *svgPicture) notes() []string {
	var notes []string
	for _, b := range p.Others {
		notes = append(notes, b.sentence(p.Now, p.zone))
	}
	for _, m := range p.visibleMoments() {
		notes = append(notes, fmt.Sprintf("◆ %s  %s", short(m.At, p.Now, p.zone), m.What))
	}
	if p.hidden() > 0 {
		notes = append(notes, p.hiddenNote())
	}
	if len(p.Stretches) > 1 {
		notes = append(notes, p.howTo())
	}
	for i := range notes {
		notes[i] = cut(notes[i], 143)
	}
	return notes
}

// words is a stretch in a sentence.
func (p *svgPicture) words(s Stretch) string {
	text := fmt.Sprintf("Stretch %d, from %s to %s", s.Number, short(s.Start, p.Now, p.zone), short(s.End, p.Now, p.zone))
	if s.Parent == 0 {
		text += ", is the original"
	} else {
		text += fmt.Sprintf(", continues stretch %d from %s", s.Parent, short(s.From, p.Now, p.zone))
		text += ", by " + s.heading(true)
	}
	switch {
	case s.GoTo != "":
		return text + ". To get to its end: --to " + s.GoTo + "."
	case s.Number == len(p.Stretches):
		return text + ". The database is here."
	case !s.Reachable:
		return text + ". It is out of reach."
	}
	return text + ". No time passed in it."
}

// description is the picture for those who do not see it.
func (p *svgPicture) description() string {
	text := p.subtitle(p.zone) + "."
	for _, s := range p.shown {
		text += " " + p.words(s)
	}
	return text
}
