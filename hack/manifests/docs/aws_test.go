package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// serviceAccount is the operator's, as IAM is told of it.
const serviceAccount = "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager"

// oneOrMore is how IAM writes lists: a lone string stands for itself.
type oneOrMore []string

func (l *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

type statement struct {
	Sid, Effect      string
	Principal        map[string]oneOrMore
	Action, Resource oneOrMore
	Condition        map[string]map[string]oneOrMore
}

// iam reads a policy of config/aws, strictly: a word that IAM does not know would be refused there.
func iam(t *testing.T, name string) []statement {
	t.Helper()
	var policy struct {
		Version   string
		Statement []statement
	}
	decoder := json.NewDecoder(strings.NewReader(read(t, filepath.Join(root, "config", "aws", name))))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if policy.Version != "2012-10-17" || len(policy.Statement) == 0 {
		t.Errorf("%s has the version %q and %d statements", name, policy.Version, len(policy.Statement))
	}
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 || (len(s.Resource) == 0) == (len(s.Principal) == 0) {
			t.Errorf("%s: a statement that is none: %+v", name, s)
		}
	}
	return policy.Statement
}

// actions are all that the statements allow, sorted.
func actions(statements []statement) []string {
	var all []string
	for _, s := range statements {
		all = append(all, s.Action...)
	}
	return sorted(all)
}

func sorted(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// called are the calls to RDS that the operator's code makes: those of safety copies, or all others.
func called(t *testing.T, copies bool) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "controllers", "rds", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || (filepath.Base(file) == "copies.go") != copies {
			continue
		}
		for _, match := range regexp.MustCompile(`rds\.(\w+)Input\{`).FindAllStringSubmatch(read(t, file), -1) {
			all = append(all, "rds:"+match[1])
		}
	}
	return sorted(all)
}

// TestPolicies: IAM is asked for what the code calls and nothing else, and a rewind for named or tagged clusters only.
func TestPolicies(t *testing.T) {
	want := called(t, false)
	if len(want) != 3 || !slices.Contains(want, "rds:BacktrackDBCluster") {
		t.Fatalf("the code calls %v", want)
	}
	for _, name := range []string{"policy.json", "policy-by-tag.json"} {
		statements := iam(t, name)
		if got := actions(statements); !slices.Equal(got, want) {
			t.Errorf("%s allows %v, the code calls %v", name, got, want)
		}
		for _, s := range statements {
			rewinds := slices.Contains(s.Action, "rds:BacktrackDBCluster")
			for _, resource := range s.Resource {
				if !strings.HasPrefix(resource, "arn:*:rds:") { // every partition
					t.Errorf("%s: %s names the resource %s", name, s.Sid, resource)
				}
				if rewinds && strings.HasSuffix(resource, ":*") && len(s.Condition) == 0 {
					t.Errorf("%s: %s rewinds every cluster", name, s.Sid)
				}
			}
		}
	}
	guide := read(t, filepath.Join(root, "docs", "aws.md"))
	for _, action := range append(slices.Concat(want, called(t, true)), "sts:AssumeRole", "sts:TagSession") {
		if !strings.Contains(guide, "`"+action+"`") {
			t.Errorf("docs/aws.md does not say %s", action)
		}
	}
}

// TestSafetyCopyPolicy: the rights for safety copies are those that the code uses, end at names that begin as every copy's does, and
// delete nothing. Terraform's are the same.
func TestSafetyCopyPolicy(t *testing.T) {
	// policy.json has the right to describe clusters, and tagging goes with the creation.
	want := append(slices.DeleteFunc(called(t, true), func(a string) bool { return a == "rds:DescribeDBClusters" }), "rds:AddTagsToResource")
	statements := iam(t, "policy-safety-copy.json")
	if got := actions(statements); !slices.Equal(got, sorted(want)) {
		t.Errorf("policy-safety-copy.json allows %v, the code calls %v", got, want)
	}
	for _, s := range statements {
		for _, resource := range s.Resource {
			creates := slices.ContainsFunc(s.Action, func(a string) bool { return strings.HasPrefix(a, "rds:Create") || a == "rds:AddTagsToResource" })
			named := strings.HasSuffix(resource, ":aurora-backtrack-*") || strings.HasSuffix(resource, ":cluster:CLUSTER")
			group := regexp.MustCompile(`:(subgrp|cluster-pg|pg|og):\*$`).MatchString(resource)
			if !strings.HasPrefix(resource, "arn:*:rds:") || creates && !named && !group {
				t.Errorf("%s allows %v on %s", s.Sid, s.Action, resource)
			}
		}
	}
	var got []string
	for _, match := range regexp.MustCompile(`"(rds:\w+)"`).FindAllStringSubmatch(read(t, filepath.Join(root, "config/aws/terraform/safety_copy.tf")), -1) {
		got = append(got, match[1])
	}
	if !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("Terraform allows %v, the code calls %v", got, want)
	}
	files, err := filepath.Glob(filepath.Join(root, "config/aws", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.Contains(read(t, file), "rds:Delete") {
			t.Errorf("%s allows to delete", file)
		}
	}
}

// TestTerraform: the example allows what the policy by tag allows, under the same tag, to the same service account.
func TestTerraform(t *testing.T) {
	operator, cluster := read(t, filepath.Join(root, "config/aws/terraform/operator.tf")), read(t, filepath.Join(root, "config/aws/terraform/cluster.tf"))
	var got []string
	for _, match := range regexp.MustCompile(`"(rds:\w+)"`).FindAllStringSubmatch(operator, -1) {
		got = append(got, match[1])
	}
	byTag := iam(t, "policy-by-tag.json")
	if want := actions(byTag); !slices.Equal(sorted(got), want) {
		t.Errorf("Terraform allows %v, policy-by-tag.json %v", got, want)
	}
	for key, values := range byTag[len(byTag)-1].Condition["StringEquals"] {
		tag := strings.TrimPrefix(key, "aws:ResourceTag/")
		if !strings.Contains(operator, `"`+key+`"`) || !strings.Contains(cluster, tag+` = "`+values[0]+`"`) {
			t.Errorf("Terraform knows nothing of the tag %s: %s", tag, values[0])
		}
	}
	account := strings.Split(serviceAccount, ":")
	for _, name := range account[2:] {
		if !strings.Contains(operator, `"`+name+`"`) {
			t.Errorf("Terraform gives the role to another than %s", serviceAccount)
		}
	}
	if strings.Contains(operator+cluster, "arn:aws") {
		t.Error("Terraform names a partition")
	}
}

// TestTrust: who may have the roles. Pod Identity tags its sessions, and the tags go along into another account.
func TestTrust(t *testing.T) {
	for name, want := range map[string][]string{
		"trust-pod-identity.json":  {"sts:AssumeRole", "sts:TagSession"},
		"trust-irsa.json":          {"sts:AssumeRoleWithWebIdentity"},
		"trust-other-account.json": {"sts:AssumeRole", "sts:TagSession"},
		"policy-assume-roles.json": {"sts:AssumeRole", "sts:TagSession"},
	} {
		statements := iam(t, name)
		if got := actions(statements); !slices.Equal(got, want) {
			t.Errorf("%s allows %v, want %v", name, got, want)
		}
		for _, s := range statements {
			for kind, principals := range s.Principal {
				if kind != "Service" && (len(principals) != 1 || !strings.HasPrefix(principals[0], "arn:PARTITION:iam::")) { // IAM knows no wildcard here
					t.Errorf("%s trusts %v", name, principals)
				}
			}
			if name == "trust-other-account.json" && slices.Contains(s.Action, "sts:AssumeRole") && s.Condition["StringEquals"]["sts:ExternalId"] == nil {
				t.Errorf("%s: %s asks for no external id", name, s.Sid)
			}
		}
	}
	if !strings.Contains(read(t, filepath.Join(root, "config/aws/trust-irsa.json")), `:sub": "`+serviceAccount+`"`) {
		t.Errorf("trust-irsa.json trusts another than %s", serviceAccount)
	}
}

// TestAWSFiles: what is in config/aws, docs/aws.md explains.
func TestAWSFiles(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "config", "aws"))
	if err != nil {
		t.Fatal(err)
	}
	guide := read(t, filepath.Join(root, "docs", "aws.md"))
	for _, entry := range entries {
		if !strings.Contains(guide, "`"+entry.Name()) {
			t.Errorf("docs/aws.md does not explain %s", entry.Name())
		}
	}
}
