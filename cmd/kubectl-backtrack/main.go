// The kubectl plugin: `kubectl backtrack` rewinds Aurora MySQL clusters through the operator, and shows what was done.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // clock times need zones, and not every machine has them

	"github.com/go-logr/logr"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/command"
)

// version is stamped by the build.
var version = "unknown"

func main() {
	// What the client libraries log, such as the end of a watch, is not for the person at the terminal: errors come back.
	klog.SetLogger(logr.Discard())
	log.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	code := command.Execute(ctx, command.New(streams, version), os.Args[1:])
	stop()
	os.Exit(code)
}
