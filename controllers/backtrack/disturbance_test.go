package backtrack

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

// disturbance is one thing that can go wrong at one moment.
type disturbance struct {
	what string
	at   moment
	err  error
}

func (d disturbance) hook(m moment) error {
	if m.N == d.at.N {
		return d.err
	}
	return nil
}

func (d disturbance) String() string {
	place := "before"
	if d.at.After {
		place = "after"
	}
	return fmt.Sprintf("%s %s %s (moment %d)", d.what, place, d.at.What, d.at.N)
}

// disturbances are all that can go wrong at the moment. A process that dies after a call leaves the same world
// behind as one that dies before its next, so dying before each is dying everywhere.
func disturbances(m moment) []disturbance {
	all := []disturbance{}
	if m.reads() {
		return append(all, disturbance{"fails", m, refusals[m.N/2%2]})
	}
	if !m.After {
		all = append(all, disturbance{"killed", m, errDead})
	}
	isRDS := !strings.Contains(m.What, " ")
	switch {
	case isRDS && strings.HasPrefix(m.What, "Describe"): // what it says and then loses changes nothing
		if !m.After {
			all = append(all, disturbance{"reset", m, syscall.ECONNRESET})
		}
	case isRDS && !m.After:
		all = append(all, disturbance{"reset", m, syscall.ECONNRESET}, disturbance{"500", m, errServer})
	case isRDS:
		all = append(all, disturbance{"reply lost", m, io.ErrUnexpectedEOF}, disturbance{"500", m, errServer})
	case !m.After && strings.HasPrefix(m.What, "create Event"):
		all = append(all, disturbance{"fails", m, refusals[m.N/2%2]})
	case !m.After:
		all = append(all, disturbance{"conflict", m, apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "it", errors.New("somebody wrote"))},
			disturbance{"fails", m, refusals[m.N/2%2]})
	default:
		all = append(all, disturbance{"done, but fails", m, losses[m.N/2%2]})
	}
	return all
}

// worthwhile leaves out all but the first of the same reads in a series of reads: the world is the same at each.
func worthwhile(moments []moment) []moment {
	looked := map[string]bool{}
	return slices.DeleteFunc(moments, func(m moment) bool {
		if !m.reads() && !strings.HasPrefix(m.What, "Describe") {
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
