package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
)

// Help says what a person should know of the subcommand.
const Help = `Rewinds ten Aurora clusters again and again while managers are killed, frozen and deposed, the
API server is restarted, RDS fails and AuroraBacktracks are cancelled, deleted and made again; then
counts the backtracks that RDS accepted, and everything that is not as it should be. It plays on a
cloud of its own, which it takes down afterwards. If it fails, the logs and all objects are kept in
bin/chaos-failed. The default run takes a few minutes.

A seed repeats the plan, not the moments at which the machine gets to it: to look for a breach
again, run it with its seed a few times.`

// defaultRewinds is how many rewinds a run makes unless told.
const defaultRewinds = 100

// Settings say how much chaos, and which.
type Settings struct {
	// Rewinds is how many AuroraBacktracks are wished for, from 1 to 10000.
	Rewinds int
	// Seed decides everything that is drawn; one is drawn itself if it is 0.
	Seed uint64
}

// Flags registers the flags; their defaults are CHAOS_REWINDS and CHAOS_SEED.
func (s *Settings) Flags(flags *flag.FlagSet) error {
	rewinds, err := fromEnv("CHAOS_REWINDS", defaultRewinds)
	if err != nil {
		return err
	}
	seed, err := fromEnv("CHAOS_SEED", 0)
	if err != nil {
		return err
	}
	flags.IntVar(&s.Rewinds, "rewinds", int(min(rewinds, 1<<30)), "how many rewinds; also CHAOS_REWINDS")
	flags.Uint64Var(&s.Seed, "seed", seed, "what everything is drawn from; 0 draws a seed. Also CHAOS_SEED")
	return nil
}

func fromEnv(name string, otherwise uint64) (uint64, error) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s=%s: write a whole number that is not negative, or leave it out", name, text)
	}
	return value, nil
}

func (s *Settings) check() error {
	if s.Rewinds < 1 || s.Rewinds > 10_000 {
		return fmt.Errorf("--rewinds %d: choose from 1 to 10000", s.Rewinds)
	}
	for s.Seed == 0 {
		s.Seed = uint64(rand.Uint32()) //nolint:gosec // a short number to repeat a run by, no secret
	}
	return nil
}

// draws is the source of one actor's choices. Each has its own, so that none depends on how fast another one is.
func (s Settings) draws(actor uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, actor)) //nolint:gosec // repeatable on purpose
}
