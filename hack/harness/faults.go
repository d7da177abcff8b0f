package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fault is one thing that can go wrong at one moment.
type fault struct {
	what string
	at   Moment
	err  error
}

func (d fault) hook(m Moment) error {
	if m.N == d.at.N {
		return d.err
	}
	return nil
}

func (d fault) String() string {
	place := "before"
	if d.at.After {
		place = "after"
	}
	return fmt.Sprintf("%s %s %s (moment %d)", d.what, place, d.at.What, d.at.N)
}

// faultsAt are all that can go wrong at the moment. A process that dies after a call leaves the same world
// behind as one that dies before its next, so dying before each is dying everywhere.
func faultsAt(m Moment) []fault {
	all := []fault{}
	if m.Reads() {
		return append(all, fault{"fails", m, refusals[m.N/2%2]})
	}
	if !m.After {
		all = append(all, fault{"killed", m, ErrKilled})
	}
	isRDS := !strings.Contains(m.What, " ")
	switch {
	case isRDS && strings.HasPrefix(m.What, "Describe"): // what it says and then loses changes nothing
		if !m.After {
			all = append(all, fault{"reset", m, syscall.ECONNRESET})
		}
	case isRDS && !m.After:
		all = append(all, fault{"reset", m, syscall.ECONNRESET}, fault{"500", m, ErrServerError})
	case isRDS:
		all = append(all, fault{"reply lost", m, io.ErrUnexpectedEOF}, fault{"500", m, ErrServerError})
	case !m.After && strings.HasPrefix(m.What, "create Event"):
		all = append(all, fault{"fails", m, refusals[m.N/2%2]})
	case !m.After:
		all = append(all, fault{"conflict", m, apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "it", errors.New("somebody wrote"))},
			fault{"fails", m, refusals[m.N/2%2]})
	default:
		all = append(all, fault{"done, but fails", m, losses[m.N/2%2]})
	}
	return all
}

// distinct leaves out all but the first of the same reads in a series of reads: the world is the same at each.
func distinct(moments []Moment) []Moment {
	looked := map[string]bool{}
	return slices.DeleteFunc(moments, func(m Moment) bool {
		if !m.Reads() && !strings.HasPrefix(m.What, "Describe") {
			clear(looked)
			return false
		}
		place := fmt.Sprint(m.What, m.After)
		defer func() { looked[place] = true }()
		return looked[place]
	})
}

// refusals and losses take turns: to a caller one is as good as the other.
var (
	refusals = []error{apierrors.NewTooManyRequests("slow down", 1), apierrors.NewInternalError(errors.New("etcd is away"))}
	losses   = []error{apierrors.NewInternalError(errors.New("etcd answered late")), context.DeadlineExceeded}
)
