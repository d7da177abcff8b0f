package rds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// copyPrefix begins the identifier of every copy, so that a policy can name them all: aurora-backtrack-*.
const copyPrefix = "aurora-backtrack-"

// Copy is what RDS says about a clone or a snapshot that keeps the present.
type Copy struct {
	Identifier string
	Status     string            // RDS's word in lower case; the set is open
	Tags       map[string]string // of the operator, by their keys
	Endpoint   string            // of a clone
	// Instances are the identifiers of a clone's instances.
	Instances []string
	// Shares says that a clone shares its pages with other clusters. RDS makes a full copy, which takes hours, of a volume that
	// has 15 clones.
	Shares bool
}

// Available reports whether the copy holds the data.
func (c Copy) Available() bool { return c.Status == "available" }

// Failed reports whether the copy will not become available any more. Other words that RDS may use mean that it is under way.
func (c Copy) Failed() bool {
	return strings.HasPrefix(c.Status, "failed") || strings.HasPrefix(c.Status, "incompatible") || strings.HasPrefix(c.Status, "inaccessible") ||
		c.Status == "deleting" || c.Status == "deleted"
}

// HasInstance reports whether the clone has the instance.
func (c Copy) HasInstance(identifier string) bool {
	for _, i := range c.Instances {
		if strings.EqualFold(i, identifier) {
			return true
		}
	}
	return false
}

// CopyRequest is a copy to make.
type CopyRequest struct {
	Type       v1alpha1.CopyType
	Identifier string
	Tags       map[string]string
	// Instance and InstanceClass are those of the clone's instance.
	Instance, InstanceClass string
}

// CopyIdentifier is the identifier in RDS of the copy that belongs to the object of that UID: lower case, at most 63 characters,
// letters, digits and single hyphens (RDS API model, DBClusterIdentifier and DBClusterSnapshotIdentifier).
func CopyIdentifier(uid string) string {
	var id strings.Builder
	for _, c := range strings.ToLower(uid) {
		hyphen := c == '-' && id.Len() > 0 && !strings.HasSuffix(id.String(), "-")
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || hyphen {
			id.WriteRune(c)
		}
	}
	return copyPrefix + strings.TrimSuffix(id.String()[:min(id.Len(), 40)], "-")
}

// InstanceIdentifier is the identifier of a clone's instance.
func InstanceIdentifier(clone string) string { return clone + "-1" }

// IsCopyAbsent reports whether RDS answered that there is no such copy. A list of RDS can lag.
func IsCopyAbsent(err error) bool {
	return hasCode(err, "DBClusterNotFoundFault", "DBClusterSnapshotNotFoundFault")
}

// IsCopyThere reports whether RDS refused to make what it has under this identifier already.
func IsCopyThere(err error) bool {
	return hasCode(err, "DBClusterAlreadyExistsFault", "DBClusterSnapshotAlreadyExistsFault", "DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault")
}

func hasCode(err error, codes ...string) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}

// DescribeCopy asks what RDS says about a copy. IsCopyAbsent tells the error of one that is not there.
func (p *Provider) DescribeCopy(ctx context.Context, target Target, kind v1alpha1.CopyType, identifier string) (Copy, error) {
	s := p.sessions.get(target)
	if kind == v1alpha1.CopySnapshot {
		return describeSnapshot(ctx, s, identifier)
	}
	cluster, err := describeRaw(ctx, s, identifier)
	if err != nil {
		return Copy{}, err
	}
	c := Copy{
		Identifier: identifier, Status: statusOf(cluster.Status), Tags: ownTags(cluster.TagList), Endpoint: truncate(Clean(aws.ToString(cluster.Endpoint)), 512),
		Shares: aws.ToString(cluster.CloneGroupId) != "",
	}
	for _, m := range cluster.DBClusterMembers {
		c.Instances = append(c.Instances, aws.ToString(m.DBInstanceIdentifier))
	}
	return c, nil
}

// MakeCopy asks RDS for the copy of the target. The identifier makes it idempotent: IsCopyThere tells the error of a second call.
func (p *Provider) MakeCopy(ctx context.Context, target Target, request CopyRequest) error {
	s := p.sessions.get(target)
	if request.Type == v1alpha1.CopySnapshot {
		return write(ctx, s, "CreateDBClusterSnapshot", func(ctx context.Context) error {
			_, err := s.client.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{
				DBClusterIdentifier: &target.Identifier, DBClusterSnapshotIdentifier: &request.Identifier, Tags: tagList(request.Tags),
			}, once)
			return err
		})
	}
	source, err := describeRaw(ctx, s, target.Identifier)
	if err != nil {
		return err
	}
	return write(ctx, s, "RestoreDBClusterToPointInTime", func(ctx context.Context) error {
		_, err := s.client.RestoreDBClusterToPointInTime(ctx, cloneOf(source, request), once)
		return err
	})
}

// cloneOf is the request for a clone of the source, in the same network and with the same settings.
func cloneOf(source *types.DBCluster, request CopyRequest) *rds.RestoreDBClusterToPointInTimeInput {
	input := &rds.RestoreDBClusterToPointInTimeInput{
		DBClusterIdentifier: aws.String(request.Identifier), SourceDBClusterIdentifier: source.DBClusterIdentifier,
		RestoreType: aws.String("copy-on-write"), UseLatestRestorableTime: aws.Bool(true),
		DBSubnetGroupName: source.DBSubnetGroup, DBClusterParameterGroupName: source.DBClusterParameterGroup,
		EnableIAMDatabaseAuthentication: source.IAMDatabaseAuthenticationEnabled, Tags: tagList(request.Tags),
	}
	for _, group := range source.VpcSecurityGroups {
		input.VpcSecurityGroupIds = append(input.VpcSecurityGroupIds, aws.ToString(group.VpcSecurityGroupId))
	}
	if window := aws.ToInt64(source.BacktrackWindow); window > 0 { // a clone has a window only if it is passed again
		input.BacktrackWindow = aws.Int64(window)
	}
	return input
}

// MakeInstance asks RDS for the clone's instance, which makes it readable.
func (p *Provider) MakeInstance(ctx context.Context, target Target, request CopyRequest) error {
	s := p.sessions.get(target)
	return write(ctx, s, "CreateDBInstance", func(ctx context.Context) error {
		_, err := s.client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: &request.Instance, DBClusterIdentifier: &request.Identifier, DBInstanceClass: &request.InstanceClass,
			Engine: aws.String("aurora-mysql"), Tags: tagList(request.Tags),
		}, once)
		return err
	})
}

// write makes a call that RDS may have taken although no answer came.
func write(ctx context.Context, s *session, operation string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return classify(operation, do(ctx))
}

// once turns the SDK's retries off: the next reconciliation looks first.
func once(o *rds.Options) { o.Retryer = aws.NopRetryer{} }

func describeRaw(ctx context.Context, s *session, identifier string) (*types.DBCluster, error) {
	var found *types.DBCluster
	err := read(ctx, s, "DescribeDBClusters", func(ctx context.Context) error {
		found = nil
		output, err := s.client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &identifier}, s.retries)
		if err == nil && len(output.DBClusters) > 0 {
			found = &output.DBClusters[0]
		}
		return err
	})
	if err == nil && found == nil {
		err = silent("DescribeDBClusters", identifier)
	}
	return found, err
}

func describeSnapshot(ctx context.Context, s *session, identifier string) (Copy, error) {
	var found *types.DBClusterSnapshot
	err := read(ctx, s, "DescribeDBClusterSnapshots", func(ctx context.Context) error {
		found = nil
		output, err := s.client.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: &identifier}, s.retries)
		if err == nil && len(output.DBClusterSnapshots) > 0 {
			found = &output.DBClusterSnapshots[0]
		}
		return err
	})
	switch {
	case err != nil:
		return Copy{}, err
	case found == nil:
		return Copy{}, silent("DescribeDBClusterSnapshots", identifier)
	}
	return Copy{Identifier: identifier, Status: statusOf(found.Status), Tags: ownTags(found.TagList)}, nil
}

// silent says that RDS's answer has nothing of what it was asked about: of what it does not have, it says so with a code.
func silent(operation, identifier string) error {
	return &Error{Operation: operation, Reason: v1alpha1.ReasonRDSUnreachable, Message: fmt.Sprintf("the answer has nothing of %s", identifier)}
}

func statusOf(status *string) string {
	return truncate(strings.ToLower(Clean(aws.ToString(status))), 256)
}

// ownTags leaves out the tags of others.
func ownTags(list []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		if key := aws.ToString(t.Key); strings.HasPrefix(key, v1alpha1.GroupVersion.Group+"/") {
			tags[key] = truncate(Clean(aws.ToString(t.Value)), 256)
		}
	}
	return tags
}

// tagList gives the tags in the order of their keys. A value has at most 256 characters.
func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range []string{v1alpha1.CopyUIDTag, v1alpha1.CopyObjectTag, v1alpha1.CopyClusterTag, v1alpha1.CopyTimeTag, v1alpha1.CopyWantedUntilTag} {
		if value, ok := tags[key]; ok {
			list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(truncate(value, 256))})
		}
	}
	return list
}
