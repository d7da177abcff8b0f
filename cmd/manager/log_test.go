package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// TestLog has errors with what others wrote, such as an admission webhook: zap escapes what would end a line or steer a
// terminal, in either of the log's forms, so that nobody writes lines of their own into it.
func TestLog(t *testing.T) {
	foreign := "denied\x1b[2J\r\nall is well"
	for name, form := range map[string]zap.Opts{"JSON": zap.JSONEncoder(), "console": zap.ConsoleEncoder()} {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			log := zap.New(zap.WriteTo(&written), form, zap.UseDevMode(false))
			log.WithValues("before", foreign).Info("first", "text", foreign, "error", errors.New(foreign))
			log.Error(fmt.Errorf("rewinding: %w", errors.New(foreign)), "second", foreign, foreign)
			for line := range strings.Lines(written.String()) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }) || strings.HasPrefix(line, "all is well") {
					t.Errorf("a line of the log reads %q", line)
				}
			}
			for _, want := range []string{"first", "second", `rewinding: denied\u001b[2J\r\nall is well`} {
				if !strings.Contains(written.String(), want) {
					t.Errorf("the log lacks %s: %q", want, written.String())
				}
			}
		})
	}
}
