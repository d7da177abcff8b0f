package world

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sayEvery is how often a long wait says how far it is.
const sayEvery = 15 * time.Second

// Await watches the objects of a kind until done holds of n of them, for at most the limit. It does not ask again and again:
// what it measures shares the machine with it.
func (w *World) Await(ctx context.Context, limit time.Duration, what string, list client.ObjectList, n int, done func(client.Object) (bool, error)) error {
	if n == 0 {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := &awaiting{World: w, what: what, n: n, done: done, so: map[string]bool{}, began: time.Now()}
	for {
		finished, err := a.round(within, list)
		switch {
		case err != nil && within.Err() != nil && ctx.Err() == nil:
			return fmt.Errorf("waited %s until %s: so far %d: %w", limit, what, a.count(), err)
		case err != nil || finished:
			return err
		}
	}
}

type awaiting struct {
	*World
	what  string
	n     int
	done  func(client.Object) (bool, error)
	so    map[string]bool
	began time.Time
}

// round lists and then watches, until it holds or the watch ends, as every watch does after a while.
func (a *awaiting) round(ctx context.Context, list client.ObjectList) (bool, error) {
	if err := a.API.List(ctx, list); err != nil {
		return false, err
	}
	clear(a.so)
	err := meta.EachListItem(list, func(o runtime.Object) error { return a.see(o) })
	if err != nil || a.count() >= a.n {
		return err == nil, err
	}
	changes, err := a.API.Watch(ctx, list, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()}})
	if err != nil {
		return false, err
	}
	defer changes.Stop()
	say := time.NewTicker(sayEvery)
	defer say.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-say.C:
			a.Tell("%3.0f s: until %s: %d", time.Since(a.began).Seconds(), a.what, a.count())
		case e, open := <-changes.ResultChan():
			if !open || e.Type == watch.Error {
				return false, nil
			}
			if err := a.see(e.Object); err != nil {
				return false, err
			}
			if a.count() >= a.n {
				return true, nil
			}
		}
	}
}

func (a *awaiting) see(object runtime.Object) error {
	o := object.(client.Object)
	ok, err := a.done(o)
	if ok {
		a.so[o.GetNamespace()+"/"+o.GetName()] = true
	}
	return err
}

func (a *awaiting) count() int { return len(a.so) }
