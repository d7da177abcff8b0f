package kubelet

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probe asks what is due of a running container, and ends it when a probe says that it has to.
func (w *worker) probe(ctx context.Context, c *container, now time.Time) {
	if c.startup != nil && !c.startup.passing {
		w.askDue(ctx, c, c.startup, "Startup", now)
	} else {
		w.askDue(ctx, c, c.readiness, "Readiness", now)
		w.askDue(ctx, c, c.liveness, "Liveness", now)
	}
	for kind, p := range map[string]*probe{"startup": c.startup, "liveness": c.liveness} {
		if !p.failed() {
			continue
		}
		grace := w.gracePeriod()
		if p.spec.TerminationGracePeriodSeconds != nil {
			grace = time.Duration(*p.spec.TerminationGracePeriodSeconds) * time.Second
		}
		w.kubelet.event(w.pod, corev1.EventTypeNormal, "Killing",
			fmt.Sprintf("Container %s failed %s probe, will be restarted", c.spec.Name, kind))
		w.stop(c, now, grace)
		w.wake(c.killAt)
		return
	}
}

func (w *worker) askDue(ctx context.Context, c *container, p *probe, kind string, now time.Time) {
	if p == nil || p.busy {
		return
	}
	if now.Before(p.due) {
		w.wake(p.due)
		return
	}
	p.busy = true
	process, given, spec := c.process, c.surroundings, c.spec
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	go func() {
		defer cancel()
		run := func(ctx context.Context, argv []string) error {
			return given.run(ctx, argv, nil, io.Discard, io.Discard)
		}
		err := probeHandler(p.spec).ask(ctx, spec, w.ip, run)
		w.inbox.put(func() {
			p.busy = false
			// What was asked of a process that has ended meanwhile says nothing about the next one.
			if c.process != process || c.stopping {
				return
			}
			if err != nil && (!p.eager || p.failures == 0) {
				w.kubelet.event(w.pod, corev1.EventTypeWarning, "Unhealthy", fmt.Sprintf("%s probe failed: %v", kind, err))
			}
			p.observe(err == nil, time.Now())
		})
	}()
}
