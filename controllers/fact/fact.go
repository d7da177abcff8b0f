// Package fact says in types what is known of one thing: its value, that there is none, or that it could not be read.
// A rule that ends a run must rest on a known or an absent fact, never on an unknown one.
package fact

// Fact is what is known of one thing. The zero value has not been read.
type Fact[T any] struct {
	state state
	value T
	err   error
}

type state uint8

const (
	unread state = iota
	known
	absent
	unknown
)

// Known is a value that was read.
func Known[T any](value T) Fact[T] { return Fact[T]{state: known, value: value} }

// Absent says that the thing does not exist.
func Absent[T any]() Fact[T] { return Fact[T]{state: absent} }

// Unknown says that the thing could not be read, and why.
func Unknown[T any](err error) Fact[T] { return Fact[T]{state: unknown, err: err} }

// Of turns what a read returned into a Fact.
func Of[T any](value T, err error) Fact[T] {
	if err != nil {
		return Unknown[T](err)
	}
	return Known(value)
}

// Read reports whether the thing was read, or tried to be.
func (f Fact[T]) Read() bool { return f.state != unread }

// Get gives the value; the zero value unless it is known.
func (f Fact[T]) Get() (value T, ok bool) { return f.value, f.state == known }

// Value gives the value; the zero value unless it is known.
func (f Fact[T]) Value() T { return f.value }

// Err says why the thing is unknown; nil unless it is.
func (f Fact[T]) Err() error { return f.err }
