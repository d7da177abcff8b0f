package aurora_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// FuzzQuery sends any form to the server: it always answers with whole XML,
// and never with a failure of its own.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"Action=DescribeDBClusters&Version=2014-10-31&MaxRecords=20&Marker=YWZ0ZXI6YQ",
		"Action=DescribeDBClusters&Version=2014-10-31&Filters.Filter.1.Name=db-cluster-id&Filters.Filter.1.Values.Value.1=a",
		"Action=BacktrackDBCluster&Version=2014-10-31&DBClusterIdentifier=testcluster&BacktrackTo=2017-07-08T18%3A00Z&Force=true",
		"Action=DescribeDBClusterBacktracks&Version=2014-10-31&DBClusterIdentifier=testcluster",
		"Action=CreateDBCluster&Version=2014-10-31&DBClusterIdentifier=a&Engine=aurora-mysql&Tags.Tag.1.Key=k&MasterUsername=a&MasterUserPassword=12345678",
		"Action=ModifyDBCluster&Version=2014-10-31&DBClusterIdentifier=testcluster&BacktrackWindow=0",
		"Action=DescribeEvents&Version=2014-10-31&StartTime=2023-12-23T13%3A00&Duration=99999999999999",
		"Action=AddTagsToResource&Version=2014-10-31&ResourceName=arn:aws:rds:eu-west-1:123456789012:cluster:testcluster&Tags.member.1.Key=%00",
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::210987654321:role/r&RoleSessionName=ab",
		"Action=%ff%00%3C&Version=<", "%zz", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		clock := newClock()
		s, err := aurora.NewServer(aurora.Options{Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddCluster(aurora.Cluster{Identifier: "testcluster", BacktrackWindow: 3600}, ""); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(form)))
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		d := xml.NewDecoder(w.Body)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("not XML: %v", err)
			}
		}
	})
}
