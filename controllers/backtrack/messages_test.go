package backtrack_test

import "fmt"

// What people read, each text once: a test names the message and the facts that it must have.

// rewoundTo is what a rewind that succeeded says; forward is the time to go forward to again.
func rewoundTo(to, forward string) string {
	return fmt.Sprintf("rewound to %s, the cluster is available and every dependent is up; to go forward again, backtrack to %s", to, forward)
}

// rewound is what an undisturbed rewind says.
var rewound = rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:05Z")

func deadlinePassed(deadline string) string {
	return fmt.Sprintf("spec.startDeadline %s has passed; the database was not touched: create a new AuroraBacktrack if it is still wanted", deadline)
}

const namespaceNotAllowed = "AuroraCluster game does not allow namespace game to rewind it: whoever runs the platform can add it to spec.allowedNamespaces"

func beyondEveryWindow(to string) string {
	return fmt.Sprintf("spec.backtrackTo %s is more than 72h ago, which no backtrack window reaches: restore a snapshot instead", to)
}

// notInThePast has the time asked for and RDS's clock.
func notInThePast(to, now string) string {
	return fmt.Sprintf("spec.backtrackTo %s does not lie in the past (RDS's clock reads %s): create a new AuroraBacktrack with a time that has passed", to, now)
}

// wokenDuringPause is said of Deployment worker, scaled to 3 by nobody knows whom.
const wokenDuringPause = "Deployment game/worker was woken during its pause (spec.replicas is 3), by a field manager that is not recorded: " +
	"keep whoever that is from writing spec.replicas during a rewind, or give the workload strategy Restart; RDS is not asked, and the others are resumed"

func mustBeAvailable(status string) string {
	return fmt.Sprintf("Aurora cluster testcluster reads %q and must read available first", status)
}

// pausedTooLong has what was waited for when the pause's time was over.
func pausedTooLong(waitedFor string) string {
	return "RDS could not be asked within 5m0s of the pause (spec.pauseTimeout of AuroraCluster game), so what was paused is resumed: " + waitedFor
}

// clusterNotReady has the reason and the message of the AuroraCluster's Ready.
func clusterNotReady(reason, message string) string {
	return fmt.Sprintf("AuroraCluster game is not Ready (%s): %s", reason, message)
}

// accessDenied has the operation that IAM refuses.
func accessDenied(operation string) string {
	return operation + ": AccessDenied: The caller is not authorized to perform this action: give the operator's IAM role " +
		"rds:DescribeDBClusters, rds:DescribeDBClusterBacktracks and rds:BacktrackDBCluster on this cluster (docs/aws.md)"
}

func dependentNotFound(name string) string {
	return fmt.Sprintf("Deployment game/%s does not exist: correct the entry in spec.dependents of the AuroraCluster, or remove it", name)
}
