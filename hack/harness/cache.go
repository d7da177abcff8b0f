package harness

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
)

// FreezeCache lets the cache lag from now on, until thaw.
func (p *Process) FreezeCache() {
	if p.Lag == nil {
		p.Lag = p.Server.Snapshot()
	}
}

// ThawCache lets the cache catch up, and the watches tell what they missed.
func (p *Process) ThawCache() {
	missed := p.missed
	p.Lag, p.missed = nil, nil
	for _, c := range missed {
		p.notice(c)
	}
}

// TellClusters lets the watch of AuroraClusters tell what the process missed, while its cache goes on lagging: the watches
// of two kinds are two streams.
func (p *Process) TellClusters() {
	missed := p.missed
	p.missed = nil
	for _, c := range missed {
		if kindOf(c) == "AuroraCluster" {
			p.notice(c)
		} else {
			p.missed = append(p.missed, c)
		}
	}
}

// cache is a client that reads our own kinds from the process's cache.
type cache struct {
	client.Client
	of *Process
}

func (c *cache) reader(o runtime.Object) client.Reader {
	gvk, err := c.GroupVersionKindFor(o)
	switch {
	case err != nil || gvk.Group != v1alpha1.GroupVersion.Group:
		return c.Client
	case c.of.Lag != nil:
		return c.of.Server.ReaderOf(c.of.Lag)
	}
	return c.of.Env.API // no wire is between a process and its cache
}

func (c *cache) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	err := c.reader(o).Get(ctx, key, o, options...)
	keep(o)
	return err
}

func (c *cache) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	err := c.reader(list).List(ctx, list, options...)
	switch list := list.(type) {
	case *v1alpha1.AuroraBacktrackList:
		for i := range list.Items {
			keep(&list.Items[i])
		}
	case *v1alpha1.AuroraClusterList:
		for i := range list.Items {
			keep(&list.Items[i])
		}
	}
	return err
}

// keep leaves of an object of ours what the manager's cache would.
func keep(o client.Object) {
	switch o.(type) {
	case *v1alpha1.AuroraBacktrack, *v1alpha1.AuroraCluster:
		_, _ = backtrack.ForCache(o) // never fails
	}
}
