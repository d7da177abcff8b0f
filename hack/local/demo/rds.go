package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// rdsAPI is RDS as anybody would use it: the SDK, pointed at the local Aurora.
type rdsAPI struct{ client *rds.Client }

func newRDS(c *cloud.Cloud) *rdsAPI {
	return &rdsAPI{client: rds.New(rds.Options{
		Region: cloud.Region, BaseEndpoint: aws.String(c.AuroraURL()),
		Credentials: credentials.NewStaticCredentialsProvider(cloud.AccessKeyID, cloud.SecretAccessKey, ""),
	})}
}

// createCluster makes an Aurora cluster with a backtrack window of 7200 s and one instance.
func (r *rdsAPI) createCluster(ctx context.Context, identifier string) (endpoint, error) {
	where := endpoint{user: "admin", password: "demo-password", db: "game"}
	created, err := r.client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String(identifier), Engine: aws.String("aurora-mysql"), BacktrackWindow: aws.Int64(7200),
		MasterUsername: aws.String(where.user), MasterUserPassword: aws.String(where.password), DatabaseName: aws.String(where.db),
	})
	if err != nil {
		return where, fmt.Errorf("creating the Aurora cluster: %w", err)
	}
	_, err = r.client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBClusterIdentifier: aws.String(identifier), DBInstanceIdentifier: aws.String(identifier + "-1"),
		Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large"),
	})
	if err != nil {
		return where, fmt.Errorf("creating the instance: %w", err)
	}
	where.host, where.port = aws.ToString(created.DBCluster.Endpoint), int(aws.ToInt32(created.DBCluster.Port))
	return where, rds.NewDBClusterAvailableWaiter(r.client).Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(identifier)}, patience)
}

// deleteCluster removes the cluster and its instance, if they are there.
func (r *rdsAPI) deleteCluster(ctx context.Context, identifier string) error {
	var noInstance *types.DBInstanceNotFoundFault
	_, err := r.client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String(identifier + "-1"), SkipFinalSnapshot: aws.Bool(true)})
	if err != nil && !errors.As(err, &noInstance) {
		return fmt.Errorf("deleting the instance: %w", err)
	}
	var noCluster *types.DBClusterNotFoundFault
	_, err = r.client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String(identifier), SkipFinalSnapshot: aws.Bool(true)})
	if err != nil && !errors.As(err, &noCluster) {
		return fmt.Errorf("deleting the Aurora cluster: %w", err)
	}
	return nil
}

// accepted counts the backtracks that the local Aurora at the URL accepted since a time, from its log of calls.
func accepted(ctx context.Context, url string, since time.Time) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_local/calls", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reading the local Aurora's log of calls: %w", err)
	}
	defer response.Body.Close()
	var calls []struct {
		Time               time.Time
		Operation, Outcome string
	}
	if err := json.NewDecoder(response.Body).Decode(&calls); err != nil {
		return 0, fmt.Errorf("reading the local Aurora's log of calls: %w", err)
	}
	n := 0
	for _, call := range calls {
		if !call.Time.Before(since) && call.Operation == "BacktrackDBCluster" && call.Outcome == "accepted" {
			n++
		}
	}
	return n, nil
}
