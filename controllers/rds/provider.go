package rds

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
	// Clock tells our time, against which RDS's is measured.
	Clock clock.PassiveClock
	// RequestsPerSecond and Burst bound the calls per account and Region. RDS allows about 12 a second,
	// shared with every console and tool in the account. Zero: no bound.
	RequestsPerSecond float64
	Burst             int
	// CallTimeout bounds one call. Zero: 30 s.
	CallTimeout time.Duration
}

// Provider asks RDS. It is safe for use by several goroutines.
type Provider struct {
	options  Options
	mu       sync.Mutex
	sessions map[sessionKey]*session
	limiters map[limiterKey]*rate.Limiter
}

type sessionKey struct{ region, roleARN, externalID, name string }

type limiterKey struct{ account, region string }

// session is one identity in one Region.
type session struct {
	client  *rds.Client
	limiter *rate.Limiter
	skew    atomic.Int64 // RDS's clock minus ours, in nanoseconds
	batch   batch
}

// NewProvider makes a Provider.
func NewProvider(options Options) *Provider {
	if options.CallTimeout == 0 {
		options.CallTimeout = 30 * time.Second
	}
	return &Provider{options: options, sessions: map[sessionKey]*session{}, limiters: map[limiterKey]*rate.Limiter{}}
}

// CallTimeout is how long one call may take: after it, a call that was begun has certainly left or failed.
func (p *Provider) CallTimeout() time.Duration { return p.options.CallTimeout }

// Skew is RDS's clock minus ours, from the Date header of its latest answer, to the second. It is zero before
// the first answer.
func (p *Provider) Skew(target Target) time.Duration {
	return time.Duration(p.session(target).skew.Load())
}

func (p *Provider) session(target Target) *session {
	region := target.Region
	if region == "" {
		region = p.options.Config.Region
	}
	key := sessionKey{region: region}
	if target.RoleARN != "" {
		key = sessionKey{region, target.RoleARN, target.ExternalID, target.Session}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.sessions[key]; ok {
		return s
	}
	s := &session{limiter: p.limiter(limiterKey{accountOf(target.RoleARN), region})}
	config := p.options.Config.Copy()
	config.Region = region
	config.HTTPClient = &dated{next: config.HTTPClient, clock: p.options.Clock, skew: &s.skew}
	if target.RoleARN != "" {
		config.Credentials = p.assume(config, target)
	}
	s.client = rds.NewFromConfig(config)
	s.batch.describe = func(ctx context.Context, identifiers []string) ([]Cluster, error) {
		return p.describe(ctx, s, identifiers)
	}
	p.sessions[key] = s
	return s
}

// assume gives credentials of the target's role, cached and refreshed before they end. The session's name
// makes every call traceable in CloudTrail to the AuroraCluster.
func (p *Provider) assume(config aws.Config, target Target) aws.CredentialsProvider {
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), target.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName(target.Session)
		if target.ExternalID != "" {
			o.ExternalID = aws.String(target.ExternalID)
		}
	})
	return aws.NewCredentialsCache(role, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
}

// sessionName fits STS: 2 to 64 of [\w+=,.@-].
func sessionName(cluster string) string {
	name := "aurora-backtrack-" + cluster
	if len(name) > 64 {
		name = name[:64]
	}
	return name
}

// limiter is called with the lock held.
func (p *Provider) limiter(key limiterKey) *rate.Limiter {
	if p.options.RequestsPerSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	l, ok := p.limiters[key]
	if !ok {
		l = rate.NewLimiter(rate.Limit(p.options.RequestsPerSecond), max(p.options.Burst, 1))
		p.limiters[key] = l
	}
	return l
}

// accountOf reads the account out of a role's ARN; the operator's own account is "".
func accountOf(roleARN string) string {
	parts := strings.SplitN(roleARN, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// call waits for its turn under the token bucket and bounds the call in time.
func (p *Provider) call(ctx context.Context, s *session, operation string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.CallTimeout)
	defer cancel()
	if err := s.limiter.Wait(ctx); err != nil {
		requests.WithLabelValues(operation, v1alpha1.ReasonThrottled).Inc()
		return &Error{Operation: operation, Reason: v1alpha1.ReasonThrottled, Message: "no turn under our own request rate within the call's time: " + err.Error(), Refused: true, Passing: true}
	}
	err := classify(operation, do(ctx))
	result := "OK"
	if err != nil {
		result = ReasonOf(err)
	}
	requests.WithLabelValues(operation, result).Inc()
	return err
}

var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "aurora_backtrack_rds_requests_total",
	Help: "Requests to RDS by operation and result: OK, or the reason of the error. A paged read counts once.",
}, []string{"operation", "result"})

func init() { metrics.Registry.MustRegister(requests) }

// dated measures RDS's clock against ours by the Date header of every answer.
type dated struct {
	next  aws.HTTPClient
	clock clock.PassiveClock
	skew  *atomic.Int64
}

func (d *dated) Do(request *http.Request) (*http.Response, error) {
	next := d.next
	if next == nil {
		next = http.DefaultClient
	}
	if err := unhurried(request); err != nil {
		return nil, err
	}
	response, err := next.Do(request)
	if err != nil {
		return response, err //nolint:wrapcheck // the SDK decides by the error's own type
	}
	if date, parseErr := http.ParseTime(response.Header.Get("Date")); parseErr == nil {
		d.skew.Store(int64(date.Sub(d.clock.Now()).Truncate(time.Second)))
	}
	return response, nil
}

// unhurried gives the request a body of its own. The SDK closes its one as soon as the head of an answer is there. Where
// the connection has not seen the body's end by then, it takes that for a broken request and drops the answer, which for a
// backtrack means minutes of looking for its record.
func unhurried(request *http.Request) error {
	if request.Body == nil {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return fmt.Errorf("reading the request's body: %w", err)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func (t Target) String() string {
	if t.Region == "" {
		return t.Identifier
	}
	return fmt.Sprintf("%s in %s", t.Identifier, t.Region)
}
