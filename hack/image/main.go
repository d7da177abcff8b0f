// Command image assembles the operator's container image without a container engine, checks it, and pushes it. It makes what
// the Dockerfile makes: the manager, the roots by which AWS is known, and nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

const usage = `usage: image assemble --version VERSION --out LAYOUT PLATFORM=MANAGER…   write an OCI image layout
       image check --version VERSION LAYOUT                             fail unless the image is as it should be
       image push LAYOUT REFERENCE                                      push it, and print its reference by digest

PLATFORM is linux/amd64 or another that Go has, MANAGER a program that was built for it.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	version := flags.String("version", "", "the version that the manager was stamped with")
	out := flags.String("out", "", "the folder of the OCI image layout, which is made anew")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	switch rest := flags.Args(); {
	case arguments[0] == "assemble" && *version != "" && *out != "" && len(rest) > 0:
		return assemble(*version, *out, rest)
	case arguments[0] == "check" && *version != "" && len(rest) == 1:
		return check(ctx, *version, rest[0])
	case arguments[0] == "push" && len(rest) == 2:
		return push(ctx, rest[0], rest[1])
	}
	return errors.New(usage)
}
