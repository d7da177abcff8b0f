package rds

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// maxClustersPerCall is how many clusters one DescribeDBClusters answers for: RDS's limit on a filter's values.
const maxClustersPerCall = 100

// read bounds a read in time. One that RDS throttles is tried again, as long as there is time: the budget has slowed down,
// and the next attempt waits there for its turn.
func read(ctx context.Context, s *session, operation string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var throttled error
	for {
		err := classify(operation, do(ctx))
		switch {
		case isThrottle(err) && s.account.budget.bounded():
			throttled = err
		case throttled != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return throttled // RDS's word says more than "no turn"
		default:
			return err
		}
	}
}

// retries are the SDK's own, except those of throttling where the budget sees to that.
func (s *session) retries(o *rds.Options) {
	if s.account.budget.bounded() {
		o.Retryer = leaveThrottles{o.Retryer}
	}
}

// describeClusters asks about up to 100 clusters in one call. One cluster is named by its identifier, which a policy for
// that one cluster allows; several by a filter, which needs a policy for all.
func describeClusters(ctx context.Context, s *session, identifiers []string) ([]Cluster, error) {
	input := &rds.DescribeDBClustersInput{}
	if len(identifiers) == 1 {
		input.DBClusterIdentifier = aws.String(identifiers[0])
	} else {
		input.Filters = []types.Filter{{Name: aws.String("db-cluster-id"), Values: identifiers}}
		input.MaxRecords = aws.Int32(maxClustersPerCall)
	}
	var clusters []Cluster
	err := read(ctx, s, "DescribeDBClusters", func(ctx context.Context) error {
		clusters = nil
		pages := rds.NewDescribeDBClustersPaginator(s.client, input)
		var markers markers
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, s.retries)
			if err != nil {
				return err
			}
			if err := markers.next(page.Marker); err != nil {
				return err
			}
			for i := range page.DBClusters {
				clusters = append(clusters, clusterOf(&page.DBClusters[i]))
			}
		}
		return nil
	})
	return clusters, err
}

// describeBacktracks reads the whole history of one cluster, in RDS's order.
func describeBacktracks(ctx context.Context, s *session, identifier string) ([]v1alpha1.BacktrackRecord, error) {
	var records []v1alpha1.BacktrackRecord
	err := read(ctx, s, "DescribeDBClusterBacktracks", func(ctx context.Context) error {
		records = nil
		pages := rds.NewDescribeDBClusterBacktracksPaginator(s.client, &rds.DescribeDBClusterBacktracksInput{
			DBClusterIdentifier: aws.String(identifier),
			MaxRecords:          aws.Int32(100),
		})
		var markers markers
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, s.retries)
			if err != nil {
				return err
			}
			if err := markers.next(page.Marker); err != nil {
				return err
			}
			for _, b := range page.DBClusterBacktracks {
				records = append(records, recordOf(b.BacktrackIdentifier, b.Status, b.BacktrackRequestCreationTime, b.BacktrackTo, b.BacktrackedFrom))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// backtrackCluster makes the call once. Nothing retries it.
func backtrackCluster(ctx context.Context, s *session, identifier string, request Request) (v1alpha1.BacktrackRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	output, err := s.client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{
		DBClusterIdentifier:                     aws.String(identifier),
		BacktrackTo:                             aws.Time(request.To.UTC().Truncate(time.Millisecond)),
		Force:                                   aws.Bool(request.Force),
		UseEarliestTimeOnPointInTimeUnavailable: aws.Bool(request.UseEarliest),
	}, func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		return v1alpha1.BacktrackRecord{}, classify("BacktrackDBCluster", err)
	}
	return recordOf(output.BacktrackIdentifier, output.Status, output.BacktrackRequestCreationTime, output.BacktrackTo, output.BacktrackedFrom), nil
}

func clusterOf(c *types.DBCluster) Cluster {
	return Cluster{
		Identifier:      Clean(aws.ToString(c.DBClusterIdentifier)),
		ResourceID:      truncate(Clean(aws.ToString(c.DbClusterResourceId)), 256),
		Status:          truncate(strings.ToLower(Clean(aws.ToString(c.Status))), 256),
		Engine:          truncate(Clean(aws.ToString(c.Engine)), 256),
		EngineVersion:   truncate(Clean(aws.ToString(c.EngineVersion)), 256),
		EngineMode:      truncate(Clean(aws.ToString(c.EngineMode)), 256),
		GlobalCluster:   truncate(Clean(aws.ToString(c.GlobalClusterIdentifier)), 256),
		Endpoint:        Clean(aws.ToString(c.Endpoint)),
		Port:            aws.ToInt32(c.Port),
		BacktrackWindow: aws.ToInt64(c.BacktrackWindow),
		Earliest:        aws.ToTime(c.EarliestBacktrackTime).UTC(),
		ChangeRecords:   aws.ToInt64(c.BacktrackConsumedChangeRecords),
		Instances:       len(c.DBClusterMembers),
	}
}

func recordOf(id, status *string, requested, to, from *time.Time) v1alpha1.BacktrackRecord {
	return v1alpha1.BacktrackRecord{
		ID:              truncate(Clean(aws.ToString(id)), 128),
		Status:          truncate(strings.ToLower(Clean(aws.ToString(status))), 64),
		RequestedAt:     v1alpha1.NewTimestamp(aws.ToTime(requested)),
		BacktrackTo:     v1alpha1.NewTimestamp(aws.ToTime(to)),
		BacktrackedFrom: v1alpha1.NewTimestamp(aws.ToTime(from)),
	}
}

// truncate keeps a value within what the CRD's schema admits.
func truncate(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "")
}
