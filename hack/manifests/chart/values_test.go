package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// TestElsewhere: in another namespace and under another name nothing names the usual ones.
func TestElsewhere(t *testing.T) {
	chart := template(t, "databases", `serviceAccount={"name":"rewinder"}`, `watchNamespaces=["game","shop"]`, `serviceMonitor={"enabled":true}`)
	const operator = "system:serviceaccount:databases:rewinder"
	policy := toText(chart["ValidatingAdmissionPolicy//aurora-backtrack-operator-only"].Object)
	if !strings.Contains(policy, operator) {
		t.Errorf("the policy does not know the operator: %s", policy)
	}
	for key, object := range chart {
		text := toText(object.Object)
		if strings.Contains(text, namespace) {
			t.Errorf("%s names %s: %s", key, namespace, text)
		}
		subjects, _, _ := unstructured.NestedSlice(object.Object, "subjects")
		for _, subject := range subjects {
			if s := subject.(map[string]any); s["name"] != "rewinder" || s["namespace"] != "databases" {
				t.Errorf("%s has the subject %v", key, s)
			}
		}
	}
	for _, key := range []string{
		"ServiceAccount/databases/rewinder", "Role/game/aurora-backtrack-manager", "RoleBinding/shop/aurora-backtrack-manager",
		"Role/databases/aurora-backtrack-leader-election", "ServiceMonitor/databases/aurora-backtrack",
	} {
		if chart[key] == nil {
			t.Errorf("the chart lacks %s", key)
		}
	}
}

// TestValues: each value does what values.yaml says.
func TestValues(t *testing.T) {
	const deployment = "Deployment/" + namespace + "/aurora-backtrack-manager"
	for name, test := range map[string]struct {
		set      string
		key      string
		contains string
		lacks    string
	}{
		"tag":               {`image={"tag":"v9"}`, deployment, `"image":"ghcr.io/aurora-backtrack/operator:v9"`, ""},
		"digest":            {`image={"digest":"sha256:` + strings.Repeat("a", 64) + `"}`, deployment, `operator@sha256:aaaa`, ""},
		"repository":        {`image={"repository":"registry.example/x"}`, "Job/" + namespace + "/aurora-backtrack-drain", `"registry.example/x:v`, ""},
		"pull secrets":      {`imagePullSecrets=[{"name":"mine"}]`, deployment, `"imagePullSecrets":[{"name":"mine"}]`, ""},
		"pull secrets, job": {`imagePullSecrets=[{"name":"mine"}]`, "Job/" + namespace + "/aurora-backtrack-drain", `"imagePullSecrets":[{"name":"mine"}]`, ""},
		"replicas":          {`replicas=3`, deployment, `"replicas":3`, ""},
		"role":              {`serviceAccount={"annotations":{"eks.amazonaws.com/role-arn":"arn:x"}}`, "ServiceAccount/" + namespace + "/aurora-backtrack-manager", `"eks.amazonaws.com/role-arn":"arn:x"`, ""},
		"region":            {`aws={"AWS_REGION":"eu-west-1"}`, "ConfigMap/" + namespace + "/aurora-backtrack-aws-env", `"AWS_REGION":"eu-west-1"`, ""},
		"region, rollout":   {`aws={"AWS_REGION":"eu-west-1"}`, deployment, `"checksum/aws":"`, ""},
		"flags":             {`flags={"poll-interval":"5s","rds-burst":20}`, deployment, `"--poll-interval=5s","--rds-burst=20"`, ""},
		"env":               {`env=[{"name":"HTTPS_PROXY","value":"http://p"}]`, deployment, `"name":"HTTPS_PROXY"`, ""},
		"resources":         {`resources={"limits":{"memory":"1Gi"}}`, deployment, `"limits":{"memory":"1Gi"}`, "GOMEMLIMIT"},
		"pod labels":        {`podLabels={"team":"db"}`, deployment, `"team":"db"`, ""},
		"pod annotations":   {`podAnnotations={"x":"y"}`, deployment, `"x":"y"`, ""},
		"priority":          {`priorityClassName="high"`, deployment, `"priorityClassName":"high"`, ""},
		"node selector":     {`nodeSelector={"a":"b"}`, deployment, `"nodeSelector":{"a":"b"}`, ""},
		"tolerations":       {`tolerations=[{"operator":"Exists"}]`, deployment, `"tolerations":[{"operator":"Exists"}]`, ""},
		"affinity":          {`affinity={"podAntiAffinity":{}}`, deployment, `"affinity":{"podAntiAffinity":{}}`, ""},
		"spread":            {`topologySpreadConstraints=[{"maxSkew":7}]`, deployment, `"maxSkew":7`, "topology.kubernetes.io/zone"},
		"monitor":           {`serviceMonitor={"enabled":true,"labels":{"release":"p"}}`, "ServiceMonitor/" + namespace + "/aurora-backtrack", `"release":"p"`, ""},
		"alerts":            {`prometheusRule={"enabled":true,"labels":{"release":"p"}}`, "PrometheusRule/" + namespace + "/aurora-backtrack", `{{ $value }} workloads of AuroraCluster`, ""},
		"watch, drain":      {`watchNamespaces=["game","shop"]`, "Job/" + namespace + "/aurora-backtrack-drain", `"--watch-namespaces=game,shop"`, ""},
		"watch, manager":    {`watchNamespaces=["game","shop"]`, deployment, `"--watch-namespaces=game,shop"`, ""},
		"drain timeout":     {`drain={"timeout":"2h"}`, "Job/" + namespace + "/aurora-backtrack-drain", `"--timeout=2h"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			object := template(t, namespace, test.set)[test.key]
			if object == nil {
				t.Fatalf("there is no %s", test.key)
			}
			text := strings.ReplaceAll(toText(object.Object), `\u003e`, ">")
			if !strings.Contains(text, test.contains) || (test.lacks != "" && strings.Contains(text, test.lacks)) {
				t.Errorf("want %s and not %q in %s", test.contains, test.lacks, text)
			}
		})
	}
}

// TestVerify: the right to make Jobs is where the operator works, and nowhere unless it is asked for.
func TestVerify(t *testing.T) {
	everywhere, elsewhere := "ClusterRole//aurora-backtrack-verify", "Role/game/aurora-backtrack-verify"
	for name, test := range map[string]struct {
		set        []string
		want, lack []string
	}{
		"default":          {nil, nil, []string{everywhere, elsewhere}},
		"everywhere":       {[]string{`verify={"enabled":true}`}, []string{everywhere, "ClusterRoleBinding//aurora-backtrack-verify"}, []string{elsewhere}},
		"in one namespace": {[]string{`verify={"enabled":true}`, `watchNamespaces=["game"]`}, []string{elsewhere, "RoleBinding/game/aurora-backtrack-verify"}, []string{everywhere}},
	} {
		t.Run(name, func(t *testing.T) {
			chart := template(t, "databases", test.set...)
			for _, key := range test.want {
				if chart[key] == nil {
					t.Errorf("the chart lacks %s", key)
				} else if subjects, _, _ := unstructured.NestedSlice(chart[key].Object, "subjects"); len(subjects) > 0 && subjects[0].(map[string]any)["namespace"] != "databases" {
					t.Errorf("%s binds %v", key, subjects)
				}
			}
			for _, key := range test.lack {
				if chart[key] != nil {
					t.Errorf("%s is there", key)
				}
			}
		})
	}
}

// TestSwitches: what is switched off is not there.
func TestSwitches(t *testing.T) {
	chart := template(t, namespace, `crds={"install":false}`, `serviceAccount={"create":false}`, `podDisruptionBudget={"enabled":false}`,
		`networkPolicy={"enabled":false}`, `drain={"enabled":false}`)
	for key, object := range chart {
		if slices.Contains([]string{"CustomResourceDefinition", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy", "Job", "Namespace", "ConfigMap"}, object.GetKind()) {
			t.Errorf("%s is there", key)
		}
	}
	if chart["Deployment/"+namespace+"/aurora-backtrack-manager"] == nil {
		t.Error("there is no manager")
	}
}

// TestSchema: bad values are refused, and the message names them.
func TestSchema(t *testing.T) {
	for set, want := range map[string]string{
		`watchNamespace=["game"]`:                   "watchNamespace",
		`watchNamespaces="game"`:                    "watchNamespaces",
		`watchNamespaces=["Game"]`:                  "watchNamespaces/0",
		`replicas=0`:                                "replicas",
		`image={"digest":"sha256:1"}`:               "image/digest",
		`image={"pullPolicy":"Sometimes"}`:          "pullPolicy",
		`aws={"AWS_SECRET_ACCESS_KEY":"x"}`:         "AWS_SECRET_ACCESS_KEY",
		`aws={"REGION":"x"}`:                        "REGION",
		`flags={"leader-elect":false}`:              "leader-elect",
		`flags={"--poll-interval":"3s"}`:            "--poll-interval",
		`serviceAccount={"name":"A b"}`:             "serviceAccount/name",
		`drain={"timeout":"soon"}`:                  "drain/timeout",
		`podLabels={"app.kubernetes.io/name":"x"}`:  "app.kubernetes.io/name",
		`serviceMonitor={"enabled":"yes"}`:          "serviceMonitor/enabled",
		`resources={"memory":"1Gi"}`:                "resources",
		`imagePullSecrets=["mine"]`:                 "imagePullSecrets/0",
		`networkPolicy={"enabled":true,"extra":[]}`: "networkPolicy",
	} {
		t.Run(set, func(t *testing.T) {
			said, err := run(t, "helm", "template", "x", filepath.Join(root, "config", "chart"), "--set-json", set)
			if err == nil || !strings.Contains(said, want) {
				t.Errorf("got %v, %s; want an error that names %s", err, said, want)
			}
		})
	}
}

// TestDocumented: the schema knows every value of values.yaml, and every one has a comment.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "config", "chart", "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	schemaText, err := os.ReadFile(filepath.Join(root, "config", "chart", "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	var schema struct {
		Properties map[string]struct{ Properties map[string]any }
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(schemaText, &schema); err != nil {
		t.Fatal(err)
	}
	if len(values) < 20 {
		t.Fatalf("values.yaml has %d values", len(values))
	}
	for name, value := range values {
		of, known := schema.Properties[name]
		if !known {
			t.Errorf("the schema does not know %s", name)
		}
		group, _ := value.(map[string]any)
		for part := range group {
			if _, known := of.Properties[part]; !known && !strings.HasPrefix(name, "pod") && name != "networkPolicy" && name != "verify" && name != "serviceMonitor" && name != "prometheusRule" {
				t.Errorf("the schema does not know %s.%s", name, part)
			}
		}
	}
	for name := range schema.Properties {
		if _, there := values[name]; !there && name != "global" {
			t.Errorf("values.yaml lacks %s", name)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^ *# `).FindAll(text, -1)); n < 20 {
		t.Errorf("values.yaml has %d lines of comment", n)
	}
}
