package rds

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// markers sees to it that a paged read moves on. One that stood still would go on until the call's time is over. It is
// an error and not the end: a list that was cut short must not pass for a whole one.
type markers struct{ last string }

var errSamePage = errors.New("RDS says with every page that the same one follows")

// next is told the marker of each page, which names the page to come.
func (m *markers) next(marker *string) error {
	text := aws.ToString(marker)
	if text != "" && text == m.last {
		return errSamePage
	}
	m.last = text
	return nil
}
