package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// RDS is RDS as anybody would use it, the SDK pointed at the local Aurora, and what only the local Aurora has.
type RDS struct {
	Client *rds.Client
	url    string
}

// NewRDS reaches the local Aurora of a cloud that is up.
func NewRDS(c *cloud.Cloud) *RDS {
	return &RDS{url: c.AuroraURL(), Client: rds.New(rds.Options{
		Region: cloud.Region, BaseEndpoint: aws.String(c.AuroraURL()),
		Credentials: credentials.NewStaticCredentialsProvider(cloud.AccessKeyID, cloud.SecretAccessKey, ""),
	})}
}

// CreateCluster makes an Aurora cluster with a backtrack window of 7200 s, one instance and a database named game.
func (r *RDS) CreateCluster(ctx context.Context, identifier string) (Endpoint, error) {
	where := Endpoint{User: "admin", Password: "demo-password", Database: "game"}
	created, err := r.Client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String(identifier), Engine: aws.String("aurora-mysql"), BacktrackWindow: aws.Int64(7200),
		MasterUsername: aws.String(where.User), MasterUserPassword: aws.String(where.Password), DatabaseName: aws.String(where.Database),
	})
	if err != nil {
		return where, fmt.Errorf("creating the Aurora cluster: %w", err)
	}
	_, err = r.Client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBClusterIdentifier: aws.String(identifier), DBInstanceIdentifier: aws.String(identifier + "-1"),
		Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large"),
	})
	if err != nil {
		return where, fmt.Errorf("creating the instance: %w", err)
	}
	where.Host, where.Port = aws.ToString(created.DBCluster.Endpoint), int(aws.ToInt32(created.DBCluster.Port))
	return where, rds.NewDBClusterAvailableWaiter(r.Client).Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(identifier)}, Patience)
}

// DeleteCluster removes the cluster and its instance, if they are there.
func (r *RDS) DeleteCluster(ctx context.Context, identifier string) error {
	var noInstance *types.DBInstanceNotFoundFault
	_, err := r.Client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String(identifier + "-1"), SkipFinalSnapshot: aws.Bool(true)})
	if err != nil && !errors.As(err, &noInstance) {
		return fmt.Errorf("deleting the instance: %w", err)
	}
	var noCluster *types.DBClusterNotFoundFault
	_, err = r.Client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String(identifier), SkipFinalSnapshot: aws.Bool(true)})
	if err != nil && !errors.As(err, &noCluster) {
		return fmt.Errorf("deleting the Aurora cluster: %w", err)
	}
	return nil
}

// Calls is every call since a time, oldest first, as the local Aurora noted it.
func (r *RDS) Calls(ctx context.Context, since time.Time) ([]aurora.Call, error) {
	var all []aurora.Call
	if err := r.local(ctx, http.MethodGet, "calls", nil, &all); err != nil {
		return nil, fmt.Errorf("reading the local Aurora's log of calls: %w", err)
	}
	for i := range all {
		if !all[i].Time.Before(since) {
			return all[i:], nil
		}
	}
	return nil, nil
}

// Backtracks is every backtrack of a cluster that RDS accepted since a time. Any cluster's if identifier is empty.
func (r *RDS) Backtracks(ctx context.Context, identifier string, since time.Time) ([]aurora.Call, error) {
	calls, err := r.Calls(ctx, since)
	var found []aurora.Call
	for _, call := range calls {
		wanted := identifier == "" || call.Parameters["DBClusterIdentifier"] == identifier
		if wanted && call.Operation == "BacktrackDBCluster" && call.Done() {
			found = append(found, call)
		}
	}
	return found, err
}

// SetFaults lets calls fail from now on as the faults say, and as no earlier ones did.
func (r *RDS) SetFaults(ctx context.Context, faults ...aurora.Fault) error {
	if faults == nil {
		faults = []aurora.Fault{}
	}
	return r.local(ctx, http.MethodPut, "faults", faults, nil)
}

// EditCluster puts a cluster into an odd situation: what the README of the local Aurora lists for it.
func (r *RDS) EditCluster(ctx context.Context, identifier string, situation map[string]any) error {
	return r.local(ctx, http.MethodPatch, "clusters/"+identifier, situation, nil)
}

// local asks for what is not AWS's.
func (r *RDS) local(ctx context.Context, method, path string, body, into any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, r.url+"/_local/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, request.URL, response.Status, bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
