package steps

import (
	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// ClusterOf gives the AuroraCluster, nil when there is none; or asks for it, or says why it is unknown.
func ClusterOf(f *Facts) (*v1alpha1.AuroraCluster, Decision) {
	if !f.Cluster.Read() {
		return nil, Needed(Cluster)
	}
	if err := f.Cluster.Err(); err != nil {
		return nil, Failed(err)
	}
	return f.Cluster.Value(), Passed()
}

// observed gives what RDS says about the cluster.
func observed(f *Facts) (rds.Cluster, Decision) {
	if !f.Observed.Read() {
		return rds.Cluster{}, Needed(Observed)
	}
	if err := f.Observed.Err(); err != nil {
		return rds.Cluster{}, rdsTrouble(f, err)
	}
	return f.Observed.Value(), Passed()
}

// history gives RDS's history of the cluster.
func history(f *Facts) ([]v1alpha1.BacktrackRecord, Decision) {
	if !f.History.Read() {
		return nil, Needed(History)
	}
	if err := f.History.Err(); err != nil {
		return nil, rdsTrouble(f, err)
	}
	return f.History.Value(), Passed()
}
