package main

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-logr/logr/funcr"
)

// TestLimitMemory has the limit of a container of 256 MiB, none, one that cannot be read, and one that is set by hand.
func TestLimitMemory(t *testing.T) {
	const container = 256 << 20
	unreadable := func() (uint64, error) { return 0, errors.New("no such file") }
	for name, test := range map[string]struct {
		limits      memlimit.Provider
		environment string

		want        int64
		wantMessage string // contained
	}{
		"a container's":       {memlimit.Limit(container), "", container * 9 / 10, "GOMEMLIMIT is set"},
		"none":                {func() (uint64, error) { return 0, memlimit.ErrNoLimit }, "", math.MaxInt64, ""},
		"not to be read":      {unreadable, "", math.MaxInt64, "no such file"},
		"the environment has": {memlimit.Limit(container), "100MiB", math.MaxInt64, ""}, // the runtime read it at its start
	} {
		t.Run(name, func(t *testing.T) {
			debug.SetMemoryLimit(math.MaxInt64)
			defer debug.SetMemoryLimit(math.MaxInt64)
			t.Setenv("GOMEMLIMIT", test.environment)
			if test.environment == "" {
				if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
					t.Fatal(err)
				}
			}
			var told strings.Builder
			limitMemory(funcr.New(func(_, args string) { told.WriteString(args) }, funcr.Options{}), test.limits)
			if got := debug.SetMemoryLimit(-1); got != test.want && got != test.want-1 && got != test.want+1 {
				t.Errorf("the limit is %d, want %d", got, test.want)
			}
			if !strings.Contains(told.String(), test.wantMessage) {
				t.Errorf("told is %s", told.String())
			}
		})
	}
}

func TestLoopbackAddress(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:6060":    "",
		"127.8.8.8:0":       "",
		"[::1]:6060":        "",
		"localhost:6060":    "",
		":6060":             `":6060" is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it`,
		"0.0.0.0:6060":      `"0.0.0.0:6060" is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it`,
		"[::]:6060":         `"[::]:6060" is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it`,
		"192.0.2.1:6060":    `"192.0.2.1:6060" is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it`,
		"localhost.com:1":   `"localhost.com:1" is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it`,
		"127.0.0.1":         `"127.0.0.1" is no host:port: address 127.0.0.1: missing port in address`,
		"http://localhost:": `"http://localhost:" is no host:port: address http://localhost:: too many colons in address`,
	} {
		got := ""
		if err := loopbackAddress(address); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
