package rds

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/utils/clock"
)

// LoadConfig reads the SDK's configuration from its usual places: the environment, the shared files, the
// service account's role.
func LoadConfig(ctx context.Context) (aws.Config, error) {
	config, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return config, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return config, nil
}

// Options set how RDS is asked.
type Options struct {
	// Config is the SDK's configuration: Region, credentials, endpoints.
	Config aws.Config
	// Clock tells our time, against which RDS's is measured, and by which clusters are due.
	Clock clock.PassiveClock
	// Timers is what the budget and the pollers wait by; real time unless set.
	Timers clock.Clock
	// RequestsPerSecond and Burst bound the requests per account and Region. RDS allows about 12 a second,
	// shared with every console and tool in the account. Zero: no bound, and what RDS throttles is left to the SDK's retries.
	RequestsPerSecond float64
	Burst             int
	// CallTimeout bounds one call, with its pages, retries and waits for a turn. Zero: 30 s.
	CallTimeout time.Duration
	// PollInterval is how often RDS is asked about a rewind that is under way alone. Zero: 1 s.
	PollInterval time.Duration
}

// accountKey names an AWS account and Region. RDS limits the rate of requests to each.
type accountKey struct{ account, region string }

// account is what all identities of one account and Region share.
type account struct {
	budget  *budget
	skew    atomic.Int64 // RDS's clock minus ours, in nanoseconds
	history rota
}

// sessionKey names an identity in a Region. The role session's name is part of it, so that CloudTrail shows for which
// AuroraCluster a call was made.
type sessionKey struct{ region, roleARN, externalID, name string }

// session is one identity in one Region.
type session struct {
	client  *rds.Client
	account *account
	timeout time.Duration
	batches [ranks]batch
}

// sessions makes one session for each identity and Region.
type sessions struct {
	options  Options
	mu       sync.Mutex
	open     map[sessionKey]*session
	accounts map[accountKey]*account
}

func newSessions(options Options) *sessions {
	return &sessions{options: options, open: map[sessionKey]*session{}, accounts: map[accountKey]*account{}}
}

// key names the session under which RDS is asked about the target.
func (s *sessions) key(target Target) sessionKey {
	key := sessionKey{region: target.Region}
	if key.region == "" {
		key.region = s.options.Config.Region
	}
	if target.RoleARN != "" {
		key.roleARN, key.externalID, key.name = target.RoleARN, target.ExternalID, target.Session
	}
	return key
}

func (s *sessions) get(target Target) *session {
	key := s.key(target)
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.open[key]; ok {
		return found
	}
	made := s.start(key)
	s.open[key] = made
	return made
}

// close forgets the session of a target's own name. Calls under way go on.
func (s *sessions) close(target Target) {
	if target.RoleARN == "" {
		return // it is everybody's
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, s.key(target))
}

// snapshot gives the accounts there are.
func (s *sessions) snapshot() map[accountKey]*account {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[accountKey]*account, len(s.accounts))
	for key, a := range s.accounts {
		all[key] = a
	}
	return all
}

// start is called with the lock held.
func (s *sessions) start(key sessionKey) *session {
	a := s.account(accountKey{accountOf(key.roleARN), key.region})
	config := s.options.Config.Copy()
	config.Region = key.region
	config.HTTPClient = &skewMeter{next: config.HTTPClient, clock: s.options.Clock, skew: &a.skew}
	if key.roleARN != "" {
		config.Credentials = assume(config, key)
	}
	made := &session{account: a, timeout: s.options.CallTimeout}
	made.client = rds.NewFromConfig(config, func(o *rds.Options) { o.APIOptions = append(o.APIOptions, a.budget.addTo) })
	for rank := range made.batches {
		made.batches[rank].describe = func(ctx context.Context, identifiers []string) ([]Cluster, error) {
			return describeClusters(WithRank(ctx, Rank(rank)), made, identifiers)
		}
	}
	return made
}

// account is called with the lock held.
func (s *sessions) account(key accountKey) *account {
	a, ok := s.accounts[key]
	if !ok {
		a = &account{budget: newBudget(s.options.Timers, s.options.RequestsPerSecond, s.options.Burst)}
		s.accounts[key] = a
	}
	return a
}

// assume gives credentials of the role, cached and refreshed before they expire.
func assume(config aws.Config, key sessionKey) aws.CredentialsProvider {
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), key.roleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName(key.name)
		if key.externalID != "" {
			o.ExternalID = aws.String(key.externalID)
		}
	})
	return aws.NewCredentialsCache(role, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
}

// sessionName fits STS: 2 to 64 of [\w+=,.@-].
func sessionName(cluster string) string {
	name := strings.TrimSuffix("aurora-backtrack-"+cluster, "-")
	if len(name) > 64 {
		name = name[:64]
	}
	return name
}

// accountOf reads the account out of a role's ARN; the operator's own account is "".
func accountOf(roleARN string) string {
	parts := strings.SplitN(roleARN, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
