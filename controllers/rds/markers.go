package rds

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// markers checks that a paged read moves on. One that does not would go on until the call times out. It is an error and
// not the end of the list: a list that was cut short must not pass for a whole one.
type markers struct{ last string }

var errSamePage = errors.New("RDS names the same page as the next one again and again")

// next takes the marker of each page, which names the page to come.
func (m *markers) next(marker *string) error {
	text := aws.ToString(marker)
	if text != "" && text == m.last {
		return errSamePage
	}
	m.last = text
	return nil
}
