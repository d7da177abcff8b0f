package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// CanAsk reports whether there is somebody to ask, and says what to do where there is not.
func (t *Terminal) CanAsk() error {
	if t.Interactive(t.In) {
		return nil
	}
	return errors.New("there is no terminal to ask on: add --yes if you mean it")
}

// Ask asks a person a question that is answered with yes or no. No answer is no.
func (t *Terminal) Ask(ctx context.Context, question string) (bool, error) {
	if err := t.CanAsk(); err != nil {
		return false, err
	}
	fmt.Fprintf(t.ErrOut, "%s [y/N] ", question)
	type reply struct {
		text string
		err  error
	}
	answered := make(chan reply, 1)
	go func() {
		text, err := bufio.NewReader(t.In).ReadString('\n')
		answered <- reply{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.ErrOut)
		return false, ctx.Err()
	case r := <-answered:
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return false, fmt.Errorf("reading the answer: %w", r.err)
		}
		answer := strings.ToLower(strings.TrimSpace(r.text))
		return answer == "y" || answer == "yes", nil
	}
}
