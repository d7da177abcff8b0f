package harness

import (
	"fmt"
	"slices"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// MakeCopyable gives the Aurora cluster an instance, without which it can't be cloned, and lets AuroraCluster game have copies with
// an instance.
func (env *Env) MakeCopyable(identifier string) {
	env.T.Helper()
	env.Must(env.RDS.AddInstance(local.Instance{Identifier: identifier + "-1", ClusterIdentifier: identifier}))
}

// CopiesMade are the identifiers of the copies that RDS made, whether or not its answer arrived, in order; and of their instances.
func (env *Env) CopiesMade() []string {
	var made []string
	for _, call := range env.RDS.Calls() {
		if id := copyMade(call); id != "" {
			made = append(made, id)
		}
	}
	return made
}

func copyMade(call local.Call) string {
	if !call.Done() {
		return ""
	}
	switch call.Operation {
	case "RestoreDBClusterToPointInTime":
		return call.Parameters["DBClusterIdentifier"]
	case "CreateDBClusterSnapshot":
		return call.Parameters["DBClusterSnapshotIdentifier"]
	case "CreateDBInstance":
		return call.Parameters["DBInstanceIdentifier"]
	}
	return ""
}

// checkCopied holds, at the moment at which RDS takes the object's backtrack, that its safety copy was made once.
func (s *Checker) checkCopied(b *v1alpha1.AuroraBacktrack) {
	if b.Spec.SafetyCopy == nil || b.Spec.SafetyCopy.Type == v1alpha1.CopyNone {
		return
	}
	id := rds.CopyIdentifier(string(b.UID))
	made := s.CopiesMade()
	if !slices.Contains(made, id) {
		s.violation("%s asked RDS without its safety copy; RDS made %v", b.Name, made)
	}
	if class := b.Spec.SafetyCopy.InstanceClass; class != "" && !slices.Contains(made, rds.InstanceIdentifier(id)) {
		s.violation("%s asked RDS without the instance of its clone; RDS made %v", b.Name, made)
	}
	if b.Spec.SafetyCopy.Type == v1alpha1.CopyClone {
		if clone, err := s.RDS.Cluster(id); err != nil || clone.Operation != nil && s.Clock.Now().Add(s.RDSAhead).Before(clone.Operation.Until) {
			s.violation("%s asked RDS before its clone was available: %v %+v", b.Name, err, clone.Operation)
		}
	}
}

// CheckCopies holds that no copy was made twice, and that each is known to the object that it was made for.
func (s *Checker) CheckCopies() {
	made := s.CopiesMade()
	for i, id := range made {
		if slices.Contains(made[:i], id) {
			s.violation("RDS made %s twice", id)
		}
	}
	for uid, b := range s.Objects {
		id := rds.CopyIdentifier(string(uid))
		known := b.Status.SafetyCopy != nil && b.Status.SafetyCopy.Identifier == id
		if slices.Contains(made, id) && !known && !s.Wiped[uid] {
			s.violation("RDS made %s for %s, whose status reads %s", id, b.Name, fmt.Sprint(b.Status.SafetyCopy))
		}
	}
}
