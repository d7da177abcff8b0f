package rds

import (
	"context"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Backtrack asks RDS for the rewind, exactly once: the SDK's retries are off, because BacktrackDBCluster has
// no idempotency token and every retry may be a second rewind. An Error that is Refused certainly had no
// effect; any other error leaves open whether RDS accepted.
func (p *Provider) Backtrack(ctx context.Context, target Target, request Request) (v1alpha1.BacktrackRecord, error) {
	s := p.session(target)
	var output *rds.BacktrackDBClusterOutput
	err := p.call(ctx, s, "BacktrackDBCluster", func(ctx context.Context) error {
		var err error
		output, err = s.client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{
			DBClusterIdentifier:                     aws.String(target.Identifier),
			BacktrackTo:                             aws.Time(request.To.UTC().Truncate(time.Millisecond)),
			Force:                                   aws.Bool(request.Force),
			UseEarliestTimeOnPointInTimeUnavailable: aws.Bool(request.UseEarliest),
		}, func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
		return err
	})
	if err != nil {
		return v1alpha1.BacktrackRecord{}, err
	}
	return recordOf(output.BacktrackIdentifier, output.Status, output.BacktrackRequestCreationTime, output.BacktrackTo, output.BacktrackedFrom), nil
}

// History is every backtrack that RDS lists for the cluster, oldest first. A new record may take a while to
// be listed; the design assumes at most two minutes.
func (p *Provider) History(ctx context.Context, target Target) ([]v1alpha1.BacktrackRecord, error) {
	s := p.session(target)
	var records []v1alpha1.BacktrackRecord
	err := p.call(ctx, s, "DescribeDBClusterBacktracks", func(ctx context.Context) error {
		pages := rds.NewDescribeDBClusterBacktracksPaginator(s.client, &rds.DescribeDBClusterBacktracksInput{
			DBClusterIdentifier: aws.String(target.Identifier),
			MaxRecords:          aws.Int32(100),
		})
		var markers markers
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
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
	sort.SliceStable(records, func(i, j int) bool {
		return records[i].RequestedAt.Time().Before(records[j].RequestedAt.Time())
	})
	return records, nil
}

func recordOf(id, status *string, requested, to, from *time.Time) v1alpha1.BacktrackRecord {
	return v1alpha1.BacktrackRecord{
		ID:              cut(Clean(aws.ToString(id)), 128),
		Status:          cut(strings.ToLower(Clean(aws.ToString(status))), 64),
		RequestedAt:     v1alpha1.NewTimestamp(aws.ToTime(requested)),
		BacktrackTo:     v1alpha1.NewTimestamp(aws.ToTime(to)),
		BacktrackedFrom: v1alpha1.NewTimestamp(aws.ToTime(from)),
	}
}

// cut keeps a value within what the CRD's schema admits.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "")
}
