package stage

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// Operator is the user as whom the operator speaks to the API server.
const Operator = "system:serviceaccount:" + cloud.OperatorNamespace + ":aurora-backtrack-manager"

// Request is one request to the API server, as its audit log has it.
type Request struct {
	// Received and Answered are to the microsecond. A watch is answered when it begins.
	Received, Answered time.Time
	Verb               string
	// Resource is the group, the resource and the subresource, if any: "apps/deployments", "/pods/eviction". Of a
	// request for something that is no resource, such as the list of kinds, it is the path.
	Resource        string
	Namespace, Name string
	Code            int
	// Allowed is false where the API server refused by authorization; Why is what it then said.
	Allowed bool
	Why     string
}

// String is the request in a line.
func (r Request) String() string {
	return fmt.Sprintf("%s %s %s (%d)", r.Verb, r.Resource, strings.Trim(r.Namespace+"/"+r.Name, "/"), r.Code)
}

// auditEvent is what is read of a line of the log.
type auditEvent struct {
	Stage, Verb, RequestURI  string
	User                     struct{ Username string }
	ObjectRef                *struct{ APIGroup, Resource, Subresource, Namespace, Name string }
	ResponseStatus           struct{ Code int }
	RequestReceivedTimestamp time.Time
	StageTimestamp           time.Time
	Annotations              map[string]string
}

// Requests reads the audit log of a cloud: what a user asked for since a time, in the order of the answers.
func Requests(c *cloud.Cloud, user string, since time.Time) ([]Request, error) {
	// The log is cut into files when it gets long; the names of the older ones hold their times.
	name := c.AuditLog()
	files, err := filepath.Glob(strings.TrimSuffix(name, ".log") + "*.log")
	if err != nil {
		return nil, err
	}
	var all []Request
	for _, file := range files {
		if err := readAudit(file, user, since, &all); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
	}
	slices.SortStableFunc(all, func(a, b Request) int { return a.Answered.Compare(b.Answered) })
	return all, nil
}

func readAudit(file, user string, since time.Time, all *[]Request) error {
	content, err := os.Open(file) //nolint:gosec // a log of the cloud
	if err != nil {
		return err
	}
	defer content.Close()
	lines := bufio.NewScanner(content)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		// A watch that was granted is noted twice, when it begins and when it ends.
		ended := e.Verb == "watch" && e.Stage == "ResponseComplete" && e.ResponseStatus.Code/100 == 2
		if e.User.Username == user && !ended && !e.RequestReceivedTimestamp.Before(since) {
			*all = append(*all, e.request())
		}
	}
	return lines.Err()
}

func (e auditEvent) request() Request {
	r := Request{
		Received: e.RequestReceivedTimestamp, Answered: e.StageTimestamp, Verb: e.Verb, Resource: e.RequestURI, Code: e.ResponseStatus.Code,
		Allowed: e.Annotations["authorization.k8s.io/decision"] != "forbid", Why: e.Annotations["authorization.k8s.io/reason"],
	}
	if o := e.ObjectRef; o != nil {
		r.Resource, r.Namespace, r.Name = o.APIGroup+"/"+o.Resource, o.Namespace, o.Name
		if o.Subresource != "" {
			r.Resource += "/" + o.Subresource
		}
	}
	return r
}
