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

// TestLog: whatever others wrote, the log has it on one clean line, in either of its forms.
func TestLog(t *testing.T) {
	foreign := "denied\u202e\x1b[2J\r\nall is well " + strings.Repeat("x", 100_000)
	for name, form := range map[string]zap.Opts{"JSON": zap.JSONEncoder(), "console": zap.ConsoleEncoder()} {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			log := clean(zap.New(zap.WriteTo(&written), form, zap.UseDevMode(false)))
			log.WithName("a").WithValues("before", foreign).Info(foreign, "text", foreign, "error", errors.New(foreign), "number", 7)
			log.V(0).Error(fmt.Errorf("rewinding: %w", errors.New(foreign)), foreign)
			log.Error(nil, "no error")
			lines := strings.Split(strings.TrimSuffix(written.String(), "\n"), "\n")
			var ours []string
			for _, line := range lines {
				if strings.Contains(line, "denied") || strings.Contains(line, "no error") {
					ours = append(ours, line)
				}
				if len(line) > 6*longestLog || strings.ContainsFunc(line, odd) || strings.Contains(line, "\\u202e") || strings.HasPrefix(line, "all is well") {
					t.Errorf("%d bytes in the log: %.200q", len(line), line)
				}
			}
			if len(ours) != 3 || !strings.Contains(ours[0], `7`) || !strings.Contains(ours[1], "rewinding: denied [2J all is well") {
				t.Errorf("the log reads %.1000q", ours)
			}
		})
	}
}

// odd runes turn or hide others.
func odd(r rune) bool { return r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }
