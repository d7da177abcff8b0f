package backtrack

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// pureCopy is a clone or a snapshot in RDS, and how it goes on by the clock.
type pureCopy struct {
	tags                map[string]string
	listedAt, becomesAt time.Time
	instances           []string
}

// drawCopy is what an object says about its safety copy.
func (m *pureModel) drawCopy() *v1alpha1.SafetyCopy {
	asked := &v1alpha1.SafetyCopy{Type: []v1alpha1.CopyType{v1alpha1.CopyNone, v1alpha1.CopyClone, v1alpha1.CopySnapshot}[m.rand.IntN(3)]}
	switch m.rand.IntN(6) {
	case 0:
		return nil
	case 1:
		asked.Timeout = "20s"
	case 2:
		asked.Type, asked.InstanceClass = v1alpha1.CopyClone, "db.t4g.medium"
	}
	return asked
}

func (m *pureModel) describeCopy(identifier string) fact.Fact[rds.Copy] {
	c := m.copies[identifier]
	switch {
	case m.silent:
		return fact.Unknown[rds.Copy](errSilent)
	case c == nil || m.now.Before(c.listedAt):
		return fact.Absent[rds.Copy]()
	}
	known := rds.Copy{Identifier: identifier, Status: "creating", Tags: c.tags, Instances: c.instances, Shares: true}
	if !m.now.Before(c.becomesAt) {
		known.Status = "available"
	}
	return fact.Known(known)
}

// makeCopy are the writes of the action, and the call.
func (p *pureProcess) makeCopy() []func() error {
	f, m := p.f, p.m
	return []func() error{
		func() error { f.Object.Status.SafetyCopy = steps.CopyToAsk(f); return p.persist() },
		p.unchanged,
		func() error {
			f.CopyAsked = fact.Of(true, m.lost(func() error {
				request := copyRequest(f)
				if m.copies[request.Identifier] != nil {
					return &rds.Error{Reason: v1alpha1.ReasonRejected, Code: "DBClusterAlreadyExistsFault", Message: "exists", Refused: true}
				}
				m.note("RDS makes copy %s", request.Identifier)
				m.copies[request.Identifier] = &pureCopy{
					tags: request.Tags, listedAt: m.now.Add(time.Duration(m.rand.IntN(20)) * time.Second), becomesAt: m.now.Add(time.Duration(5+m.rand.IntN(300)) * time.Second),
				}
				return nil
			}))
			return nil
		},
	}
}

func (p *pureProcess) makeInstance() []func() error {
	f, m := p.f, p.m
	return []func() error{
		func() error {
			f.Object.Status.SafetyCopy.Instance = rds.InstanceIdentifier(f.Object.Status.SafetyCopy.Identifier)
			return p.persist()
		},
		p.unchanged,
		func() error {
			f.InstanceAsked = fact.Of(true, m.lost(func() error {
				c, request := m.copies[f.Object.Status.SafetyCopy.Identifier], copyRequest(f)
				if len(c.instances) > 0 {
					return &rds.Error{Reason: v1alpha1.ReasonRejected, Code: "DBInstanceAlreadyExists", Message: "exists", Refused: true}
				}
				c.instances = append(c.instances, request.Instance)
				return nil
			}))
			return nil
		},
	}
}

// unchanged fails unless the object is as the process read it.
func (p *pureProcess) unchanged() error {
	if stored := p.m.objects[p.f.Object.Name]; stored == nil || stored.UID != p.saved.UID || stored.ResourceVersion != p.saved.ResourceVersion {
		return errPureConflict
	}
	return nil
}

// lost is RDS doing what it is asked for, and the request or the answer getting lost, or not; or RDS refusing.
func (m *pureModel) lost(do func() error) error {
	switch {
	case m.refusing:
		return &rds.Error{Reason: v1alpha1.ReasonThrottled, Code: "Throttling", Message: "slow down", Refused: true, Passing: true}
	case m.lossy && m.rand.IntN(2) == 0:
		return errSilent
	}
	err := do()
	if m.lossy {
		return errSilent
	}
	return err
}

// checkCopied holds that RDS rewinds nothing whose safety copy does not hold the present.
func (p *pureProcess) checkCopied() {
	m, object := p.m, p.f.Object
	asked := object.Spec.SafetyCopy
	if asked == nil || asked.Type == v1alpha1.CopyNone {
		return
	}
	c := m.copies[rds.CopyIdentifier(string(object.UID))]
	switch {
	case c == nil || m.now.Before(c.becomesAt):
		m.fail("%s rewinds and has no copy: %+v", object.Name, c)
	case m.pausedAt[object.UID].After(v1alpha1.Timestamp(c.tags[v1alpha1.CopyTimeTag]).Time().Add(time.Second)):
		m.fail("%s rewinds with a copy of %s, and paused at %s", object.Name, c.tags[v1alpha1.CopyTimeTag], m.pausedAt[object.UID])
	}
	if asked.InstanceClass != "" && len(c.instances) != 1 {
		m.fail("%s rewinds and its clone has the instances %v", object.Name, c.instances)
	}
}

// notePause notes since when the worker has been paused for the object.
func (m *pureModel) notePause(uid types.UID) {
	if m.pausedBy != uid {
		m.pausedAt[uid] = m.now
	}
	m.pausedBy = uid
}
