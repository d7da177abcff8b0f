package steps

import (
	"time"

	"github.com/aurora-backtrack/operator/controllers/claim"
)

// Settings are the lengths of time that the lifecycle goes by.
type Settings struct {
	// Poll is how often RDS is asked about a rewind that is under way alone.
	Poll time.Duration
	// Settle is how long RDS may take to list a record: for so long after the last moment at which a call whose answer was
	// lost can be received, its history must stay empty, and the cluster idle, before it may be made again. AURORA.md: assume
	// that a record is listed within two minutes.
	Settle time.Duration
	// SignatureLifetime is how long after it was signed RDS can still receive a request.
	SignatureLifetime time.Duration
	// Tolerance is how far the time that Aurora reached may lie from the time asked for. Aurora takes the
	// nearest consistent time.
	Tolerance time.Duration
	// Unobservable is for how long after the call RDS may fail to answer for the cluster, whatever the error, before the
	// outcome is unknown and what is paused is resumed.
	Unobservable time.Duration
	// Gone is for how long RDS may say that the cluster does not exist, before that is believed.
	Gone time.Duration
	// Backtracking is how long a backtrack may take, and after it the cluster until it reads available.
	Backtracking time.Duration
}

// DefaultSettings are the operator's defaults.
func DefaultSettings() Settings {
	return Settings{
		Poll: time.Second, Settle: 2 * time.Minute, SignatureLifetime: claim.SignatureLifetime, Tolerance: time.Minute,
		Unobservable: time.Hour, Gone: 5 * time.Minute, Backtracking: 6 * time.Hour,
	}
}

const (
	// WorkloadPoll is how often workloads are read while they pause, resume or roll out.
	WorkloadPoll = time.Second
	// watchedPoll is how often something is read again that a watch also reports.
	watchedPoll = 30 * time.Second
	// replanInterval is how often the plan of a suspended object is made anew.
	replanInterval = 5 * time.Minute
	// maxAttempts bounds how often an object may claim.
	maxAttempts = 5

	defaultPauseTimeout     = 5 * time.Minute
	defaultReconnectTimeout = 10 * time.Minute
	defaultStartWithin      = time.Hour
)
