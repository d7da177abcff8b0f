package steps

import (
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// sameCluster ends a run whose Aurora cluster was deleted and created again since the preflight or the claim.
func sameCluster(f *Facts, db rds.Cluster) Decision {
	if plan := f.Object.Status.Plan; !f.CalledRDS() && plan != nil && db.ResourceID != plan.DBClusterResourceID {
		return Halted(v1alpha1.ReasonClusterReplaced, fmt.Sprintf("Aurora cluster %s was deleted and created again since the preflight (%s, was %s); RDS was not asked", db.Identifier, db.ResourceID, plan.DBClusterResourceID))
	}
	if c := f.Object.Status.Claim; c != nil && c.DBClusterResourceID != "" && db.ResourceID != c.DBClusterResourceID {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("Aurora cluster %s is not the one that RDS was asked to rewind (%s, was %s), so what became of the call can't be known: look for the earlier cluster in RDS, under another identifier", db.Identifier, db.ResourceID, c.DBClusterResourceID))
	}
	return Passed()
}

// emptyAndIdle notes since when the object's record has been missing from RDS's history while the cluster was
// idle. Anything that moves starts it anew.
func emptyAndIdle(f *Facts) Decision {
	db, d := observed(f)
	if d.Kind != Continue {
		return d
	}
	if d := sameCluster(f, db); d.Kind != Continue {
		return d
	}
	open := f.Object.Status.Claim
	if d := idle(f, db); d.Kind != Continue {
		if d.Kind != Wait || d.Trouble {
			return d
		}
		open.EmptySince = ""
		return wait(f.searchInterval(), v1alpha1.ReasonVerifyingOutcome, "it is not known whether RDS accepted the call; "+d.Message)
	}
	if open.EmptySince == "" {
		open.EmptySince = v1alpha1.NewTimestamp(f.historyRead())
	}
	return Passed()
}

// delivery is how late RDS can receive a call of ours.
func (f *Facts) delivery() claim.Delivery {
	return claim.Delivery{CallTimeout: f.CallTimeout, SignatureLifetime: f.Settings.SignatureLifetime, ListingLag: f.Settings.Settle}
}
