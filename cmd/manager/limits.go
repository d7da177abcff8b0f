package main

import (
	"fmt"
	"math"
	"net"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-logr/logr"
)

// memoryShare is the part of the container's memory limit that the Go runtime aims at; the rest is for what is not on its heap.
const memoryShare = 0.9

// limitMemory sets GOMEMLIMIT from the cgroup's limit, so that the garbage collector works harder before the kernel kills the
// process. A GOMEMLIMIT in the environment stays. Without a cgroup there is no limit.
func limitMemory(log logr.Logger, limits memlimit.Provider) {
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(limits))
	switch {
	case err != nil:
		log.Info("the memory limit of the container was not read; GOMEMLIMIT is not set", "reason", err.Error())
	case limit != math.MaxInt64:
		log.Info("GOMEMLIMIT is set", "bytes", limit)
	}
}

// loopbackAddress checks an address that must not be reached from other machines: profiles show what is in memory.
func loopbackAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no host:port: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not on loopback: use 127.0.0.1 or [::1], and kubectl port-forward to reach it", address)
	}
	return nil
}
