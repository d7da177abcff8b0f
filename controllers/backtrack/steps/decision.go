package steps

import (
	"time"

	"github.com/aurora-backtrack/operator/controllers/rds"
)

// Kind is how a decision goes on.
type Kind int

// The kinds of a decision.
const (
	Continue Kind = iota // the step's condition is True; the next step is due
	Wait                 // decide again after a while
	Halt                 // the run ends here without success; what was paused is resumed
	Fault                // something failed that is worth a retry with back-off
	Need                 // a fact must be read first
	Act                  // something must be done first
	Again                // the facts have changed: decide anew
	End                  // the run has ended, and its status says how
)

// Decision is what follows from the facts.
type Decision struct {
	Kind    Kind
	Reason  string // of the condition
	Message string // of the condition
	// Cause is what is in the way, for a message that says what became of it; the message if empty.
	Cause string
	After time.Duration // Wait
	Err   error         // Fault
	Fact  Name          // Need
	Do    Action        // Act
	// Then is what follows once the action is done, where the facts are not decided on anew.
	Then *Decision
	// Trouble says that RDS did not answer for the cluster.
	Trouble bool
	// Condition is the step's; decide sets it.
	Condition string
}

// Name names a fact that is read on demand.
type Name string

// The facts that are read on demand. A fact is read at most once in a reconciliation, unless an action made it stale.
const (
	Cluster          Name = "AuroraCluster"
	NamespaceAllowed Name = "NamespaceAllowed"
	Approval         Name = "Approval"
	Lock             Name = "Lock"
	Observed         Name = "Observed"
	Polled           Name = "Polled"
	History          Name = "History"
	Dependents       Name = "Dependents"
	LeftPaused       Name = "LeftPaused"
	Verifiable       Name = "Verifiable"
	Check            Name = "Check"
	Undo             Name = "Undo"
	Undoes           Name = "Undoes"
	SafetyCopy       Name = "SafetyCopy"
)

// Action names what is done. Each leaves its result in the facts.
type Action string

// The actions.
const (
	TakeLock        Action = "TakeLock"        // the finalizer, then the lock
	ReleaseLock     Action = "ReleaseLock"     // without a trace in the ledger: the run has not begun
	InheritLock     Action = "InheritLock"     // resume what an earlier run of this wish paused, and take its lock over
	ClearHolder     Action = "ClearHolder"     // resume what a vanished holder paused, and free its lock
	RegainLock      Action = "RegainLock"      // for a run whose AuroraCluster was created again
	ResumeLeft      Action = "ResumeLeft"      // resume what was paused before the status was taken away
	Pause           Action = "Pause"           // one round of pausing; result in Facts.Paused
	VerifyPaused    Action = "VerifyPaused"    // one round of pausing and checking; result in Facts.Quiet
	ReadAgain       Action = "ReadAgain"       // drop what was read before the pause
	MakeCopy        Action = "MakeCopy"        // ask RDS for the safety copy; result in Facts.CopyAsked
	MakeInstance    Action = "MakeInstance"    // ask RDS for an instance of the clone; result in Facts.InstanceAsked
	Call            Action = "Call"            // claim, and ask RDS; result in Facts.Called
	WithdrawClaim   Action = "WithdrawClaim"   // RDS certainly did not accept the call
	EnterRecord     Action = "EnterRecord"     // put RDS's record into the ledger
	ResumePaused    Action = "ResumePaused"    // one round of resuming what is paused; result in Facts.Up
	StartCheck      Action = "StartCheck"      // make the Job that checks the data; result in Facts.CheckStarted
	MakeUndo        Action = "MakeUndo"        // make the AuroraBacktrack that brings the data forward; result in Facts.UndoMade
	BringBack       Action = "BringBack"       // one round of resuming and restarting; result in Facts.Up
	ReleaseFinished Action = "ReleaseFinished" // the lock, with the outcome in the ledger; result in Facts.Released
)

func done(reason, message string) Decision {
	return Decision{Kind: Continue, Reason: reason, Message: message}
}

func wait(after time.Duration, reason, message string) Decision {
	return Decision{Kind: Wait, Reason: reason, Message: message, After: after}
}

// waitFor is a wait for something that the message's first words say what is being done about.
func waitFor(after time.Duration, reason, doing, cause string) Decision {
	return Decision{Kind: Wait, Reason: reason, Message: doing + ": " + cause, Cause: cause, After: after}
}

// Halted ends the run without success.
func Halted(reason, message string) Decision {
	return Decision{Kind: Halt, Reason: reason, Message: message}
}

// Failed is an error that is worth a retry.
func Failed(err error) Decision { return Decision{Kind: Fault, Err: err} }

// Passed lets the next rule decide.
func Passed() Decision { return Decision{Kind: Continue} }

// Ended says that the status has the run's end.
func Ended() Decision { return Decision{Kind: End} }

// DecideAgain says that the facts have changed.
func DecideAgain() Decision { return Decision{Kind: Again} }

// Waiting waits, and says what for.
func Waiting(after time.Duration, reason, message string) Decision {
	return wait(after, reason, message)
}

// Needed asks for a fact.
func Needed(name Name) Decision { return Decision{Kind: Need, Fact: name} }

// Doing asks for an action.
func Doing(action Action) Decision { return Decision{Kind: Act, Do: action} }

// doingThen asks for an action, and says what follows it.
func doingThen(action Action, then Decision) Decision {
	return Decision{Kind: Act, Do: action, Then: &then}
}

// rdsTrouble turns an error of RDS into a wait that names it.
func rdsTrouble(f *Facts, err error) Decision {
	message, _ := rds.Explain(err)
	d := wait(f.backOff(), rds.ReasonOf(err), "RDS: "+message)
	d.Trouble = true
	return d
}
