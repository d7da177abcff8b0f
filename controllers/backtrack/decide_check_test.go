package backtrack

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// pureCheck is the Job that checks an object's data.
type pureCheck struct {
	uid     types.UID
	endsAt  time.Time
	outcome v1alpha1.VerificationOutcome
}

// startCheck makes the object's Job, unless it is there.
func (m *pureModel) startCheck(b *v1alpha1.AuroraBacktrack) error {
	switch m.rand.IntN(12) {
	case 0:
		return &verification.RefusedError{Message: "quota"}
	case 1:
		return &verification.RefusedError{Final: true, Message: "no consent"}
	case 2:
		return errors.New("etcd is away")
	}
	if m.checks[b.UID] != nil {
		return nil
	}
	m.version++
	outcomes := []v1alpha1.VerificationOutcome{v1alpha1.VerificationPassed, v1alpha1.VerificationFailed, v1alpha1.VerificationInconclusive}
	m.checks[b.UID] = &pureCheck{
		uid: types.UID(fmt.Sprint("job-", m.version)), endsAt: m.now.Add(time.Duration(m.rand.IntN(400)) * time.Second), outcome: outcomes[m.rand.IntN(3)],
	}
	return nil
}

// look is how far the object's Job is.
func (m *pureModel) look(b *v1alpha1.AuroraBacktrack) (verification.State, error) {
	check := m.checks[b.UID]
	switch {
	case m.deadly && m.rand.IntN(20) == 0:
		return verification.State{}, errors.New("the API server does not answer")
	case check == nil:
		return verification.State{}, nil
	case m.now.Before(check.endsAt):
		return verification.State{Exists: true, UID: check.uid, Message: "it runs"}, nil
	}
	return verification.State{Exists: true, UID: check.uid, Outcome: check.outcome, Message: "it ended"}, nil
}
