package aurora

import (
	"log/slog"
	"time"
)

// Options configure a Server. The zero value works for tests.
type Options struct {
	// AccountID and Region are where clusters live unless a call's credentials
	// and signature say otherwise. Default: 123456789012 and eu-west-1.
	AccountID string
	Region    string

	// AccessKeys are the accepted access keys: id to secret. Signatures are
	// checked. Without any, every call is accepted, signed or not.
	AccessKeys map[string]string
	// Roles are the roles that may be assumed, each with the external id that
	// it demands ("" for none). Without any, every role may be.
	Roles map[string]string

	// Now is the server's clock; time.Now unless set.
	Now func() time.Time
	// SignatureNow is the clock by which the age of a signature is judged. A
	// server on the machine's clock (Now is not set) uses that; with a clock of
	// its own the age is not judged unless this is set, because the SDK signs
	// by the machine's clock until an answer's Date shows it another.
	SignatureNow func() time.Time
	// Wait spends the time of a Delay fault; a real timer unless set.
	Wait func(time.Duration)

	// Timing is what backtracks and changes accepted from now on take.
	Timing Timing
	// LowerCaseStatus spells the status of records in lower case, as the words
	// are documented. The records that AWS's own examples show are upper case,
	// which is the default.
	LowerCaseStatus bool
	// UpperCaseStatus spells them in upper case. That is the default; it takes
	// precedence over LowerCaseStatus.
	UpperCaseStatus bool
	// RecordPrecision is what a record's BacktrackTo is cut to: a second unless
	// set, as AWS's examples show; never finer than a millisecond.
	RecordPrecision time.Duration

	// Engine keeps the data; NoData unless set.
	Engine Engine
	// StateFile keeps the server's state over a restart; "" for memory only.
	StateFile string
	// Log tells what the server does; nothing unless set.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.AccountID, "123456789012")
	setDefault(&o.Region, "eu-west-1")
	if o.Now == nil {
		o.Now = time.Now
		if o.SignatureNow == nil {
			o.SignatureNow = time.Now
		}
	}
	if o.Wait == nil {
		o.Wait = func(d time.Duration) { <-time.After(d) }
	}
	if o.RecordPrecision == 0 {
		o.RecordPrecision = time.Second
	}
	o.RecordPrecision = max(o.RecordPrecision, time.Millisecond)
	if o.Engine == nil {
		o.Engine = NoData{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// setDefault sets a field that is still empty.
func setDefault[T comparable](field *T, value T) {
	var empty T
	if *field == empty {
		*field = value
	}
}

// SetTiming changes what backtracks and changes take from now on; those under
// way keep theirs.
func (s *Server) SetTiming(t Timing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Timing = t
}

// SetUpperCaseStatus changes how the status of every record is spelled.
func (s *Server) SetUpperCaseStatus(upper bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.UpperCaseStatus, s.opts.LowerCaseStatus = upper, !upper
}
