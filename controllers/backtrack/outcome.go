package backtrack

import "time"

// kind is how a step ends. There are four ways and no fifth.
type kind int

const (
	goOn  kind = iota // the step's condition is True; the next step is due
	wait              // look again after a while
	halt              // the run ends here without success; what was paused is resumed
	fault             // something failed that is worth a retry with back-off
)

// outcome is what a step returns. One place, run.record, turns it into conditions and a requeue.
type outcome struct {
	kind    kind
	reason  string
	message string
	// cause is what is in the way, for a message that says what became of it; the message if empty.
	cause string
	after time.Duration
	err   error
}

func done(reason, message string) outcome {
	return outcome{kind: goOn, reason: reason, message: message}
}

func waiting(after time.Duration, reason, message string) outcome {
	return outcome{kind: wait, reason: reason, message: message, after: after}
}

// inTheWay is a wait for something that the message's first words say what is being done about.
func inTheWay(after time.Duration, reason, doing, cause string) outcome {
	return outcome{kind: wait, reason: reason, message: doing + ": " + cause, cause: cause, after: after}
}

func halted(reason, message string) outcome {
	return outcome{kind: halt, reason: reason, message: message}
}

func failed(err error) outcome {
	return outcome{kind: fault, err: err}
}
