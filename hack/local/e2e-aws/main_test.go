package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aurora-backtrack/operator/hack/local/aws"
)

func TestParse(t *testing.T) {
	enough := []string{"--cluster=game", "--user=admin"}
	for name, test := range map[string]struct {
		args     []string
		password string
		want     string // of the error; "" for none
	}{
		"enough":               {args: enough, password: "x"},
		"no cluster":           {args: []string{"--user=admin"}, password: "x", want: "--cluster and --user are required"},
		"no password":          {args: enough, want: "set AURORA_PASSWORD"},
		"a database to inject": {args: append(enough, "--database=a`b"), password: "x", want: "--database"},
		"asks all the time":    {args: append(enough, "--interval=1ms"), password: "x", want: "--interval"},
		"one word too many":    {args: append(enough, "game"), password: "x", want: "unexpected argument"},
	} {
		o, err := parse(test.args, func(string) string { return test.password }, io.Discard)
		if got := fmt.Sprint(err); (err != nil) != (test.want != "") || err != nil && !strings.Contains(got, test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if err == nil && o.Consent != "" {
			t.Errorf("%s: it consents by itself", name)
		}
	}
}

func TestExitCode(t *testing.T) {
	if got := exitCode(fmt.Errorf("%w: no consent", aws.ErrNotDone)); got != 3 {
		t.Errorf("not done: %d", got)
	}
	if got := exitCode(errors.New("x")); got != 1 {
		t.Errorf("another error: %d", got)
	}
}
