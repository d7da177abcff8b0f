package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// canAsk reports whether there is somebody to ask, and says what to do where there is not.
func (s *Session) canAsk() error {
	if s.Terminal(s.In) {
		return nil
	}
	return errors.New("there is no terminal to ask on: add --yes if you mean it")
}

// ask asks a person a question that is answered with yes or no. No answer is no.
func (s *Session) ask(ctx context.Context, question string) (bool, error) {
	if err := s.canAsk(); err != nil {
		return false, err
	}
	fmt.Fprintf(s.ErrOut, "%s [y/N] ", question)
	type reply struct {
		text string
		err  error
	}
	answered := make(chan reply, 1)
	go func() {
		text, err := bufio.NewReader(s.In).ReadString('\n')
		answered <- reply{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.ErrOut)
		return false, ctx.Err()
	case r := <-answered:
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return false, fmt.Errorf("reading the answer: %w", r.err)
		}
		answer := strings.ToLower(strings.TrimSpace(r.text))
		return answer == "y" || answer == "yes", nil
	}
}
