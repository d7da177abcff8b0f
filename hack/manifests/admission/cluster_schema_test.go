package admission_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// dependent is an entry of spec.dependents with one field set otherwise; nil removes it.
func dependent(field string, value any) map[string]any {
	entry := map[string]any{"kind": "Deployment", "namespace": "game", "name": "api"}
	entry[field] = value
	if value == nil {
		delete(entry, field)
	}
	return entry
}

func dependents(entries ...any) edit { return set("spec.dependents", entries) }

// window is an entry of spec.policy.windows with one field set otherwise; nil removes it.
func window(field string, value any) edit {
	entry := map[string]any{"schedule": "0 22 * * 1-5", "duration": "4h"}
	entry[field] = value
	if value == nil {
		delete(entry, field)
	}
	return set("spec.policy.windows", []any{entry})
}

func TestClusterCreation(t *testing.T) {
	const tooLong = `Invalid value: metadata.name must be at most 63 characters: workloads name it in the label aurora-backtrack.io/cluster`
	for name, test := range map[string]struct {
		edits []edit
		want  string
	}{
		"one field": {},
		"every field": {edits: []edit{
			set("spec.region", "us-gov-west-1"),
			set("spec.roleARN", "arn:aws-us-gov:iam::123456789012:role/path/backtrack"), set("spec.externalID", "42"),
			set("spec.allowedNamespaces", map[string]any{"names": []any{"game"}, "selector": map[string]any{}}),
			set("spec.policy", map[string]any{"approval": "RequiredFromAnother", "maxRewind": "24h", "allowForce": true, "startWithin": "90m"}),
			window("timeZone", "Europe/Berlin"),
			set("spec.strategy", "Pause"), dependents(dependent("order", int64(-1000)), dependent("name", "b")),
			set("spec.pauseTimeout", "90s"), set("spec.reconnectTimeout", "1h30m"), set("spec.refreshInterval", "10s"),
			set("spec.restartOnExternalBacktrack", true),
		}},
		"no identifier": {
			edits: []edit{unset("spec.dbClusterIdentifier"), set("spec.strategy", "None")},
			want:  `spec.dbClusterIdentifier: Required value`,
		},
		"empty identifier": {
			edits: []edit{set("spec.dbClusterIdentifier", "")},
			want: `spec.dbClusterIdentifier: Invalid value: "": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter
spec.dbClusterIdentifier: Invalid value: "": spec.dbClusterIdentifier in body should be at least 1 chars long`,
		},
		"name of 63 characters": {edits: []edit{set("metadata.name", strings.Repeat("a", 63))}},
		"name of 64 characters": {
			edits: []edit{set("metadata.name", strings.Repeat("a", 64))},
			want:  tooLong,
		},
		"name of 64 characters with dots": {
			edits: []edit{set("metadata.name", strings.Repeat("a.", 31)+"aa")},
			want:  tooLong,
		},
		"identifier of 63 characters": {edits: []edit{set("spec.dbClusterIdentifier", strings.Repeat("a", 63))}},
		"identifier of 64 characters": {
			edits: []edit{set("spec.dbClusterIdentifier", strings.Repeat("a", 64))},
			want:  `spec.dbClusterIdentifier: Too long: may not be more than 63 bytes`,
		},
		"identifier begins with a digit": {
			edits: []edit{set("spec.dbClusterIdentifier", "1a")},
			want:  `spec.dbClusterIdentifier: Invalid value: "1a": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter`,
		},
		"identifier ends with a hyphen": {
			edits: []edit{set("spec.dbClusterIdentifier", "a-")},
			want:  `spec.dbClusterIdentifier: Invalid value: "a-": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter`,
		},
		"identifier with two hyphens": {
			edits: []edit{set("spec.dbClusterIdentifier", "a--b")},
			want:  `spec.dbClusterIdentifier: Invalid value: "a--b": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter`,
		},
		"identifier with other letters": {
			edits: []edit{set("spec.dbClusterIdentifier", "spielstände")},
			want:  `spec.dbClusterIdentifier: Invalid value: "spielstände": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter`,
		},
		"identifier is an ARN": {
			edits: []edit{set("spec.dbClusterIdentifier", "arn:aws:rds:eu-west-1:123456789012:cluster:a")},
			want:  `spec.dbClusterIdentifier: Invalid value: "arn:aws:rds:eu-west-1:123456789012:cluster:a": must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter`,
		},
		"Region is an availability zone": {
			edits: []edit{set("spec.region", "eu-west-1a")},
			want:  `spec.region: Invalid value: "eu-west-1a": must be an AWS Region such as eu-west-1`,
		},
		"Region is a place": {
			edits: []edit{set("spec.region", "Ireland")},
			want:  `spec.region: Invalid value: "Ireland": must be an AWS Region such as eu-west-1`,
		},
		"empty Region": {
			edits: []edit{set("spec.region", "")},
			want: `spec.region: Invalid value: "": must be an AWS Region such as eu-west-1
spec.region: Invalid value: "": spec.region in body should be at least 1 chars long`,
		},
		"role is a name": {
			edits: []edit{set("spec.roleARN", "backtrack-the-aurora-cluster")},
			want:  `spec.roleARN: Invalid value: "backtrack-the-aurora-cluster": must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/backtrack`,
		},
		"role is a user": {
			edits: []edit{set("spec.roleARN", "arn:aws:iam::123456789012:user/backtrack")},
			want:  `spec.roleARN: Invalid value: "arn:aws:iam::123456789012:user/backtrack": must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/backtrack`,
		},
		"account of eleven digits": {
			edits: []edit{set("spec.roleARN", "arn:aws:iam::12345678901:role/backtrack")},
			want:  `spec.roleARN: Invalid value: "arn:aws:iam::12345678901:role/backtrack": must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/backtrack`,
		},
		"external id without a role": {
			edits: []edit{set("spec.externalID", "42")},
			want:  `spec: Invalid value: externalID is used only together with roleARN: set roleARN, or remove externalID`,
		},
		"external id of one character": {
			edits: []edit{
				set("spec.roleARN", "arn:aws:iam::123456789012:role/backtrack"), set("spec.externalID", "4"),
			},
			want: `spec.externalID: Invalid value: "4": spec.externalID in body should be at least 2 chars long`,
		},
		"empty namespace": {
			edits: []edit{set("spec.allowedNamespaces.names", []any{""})},
			want:  `spec.allowedNamespaces.names[0]: Invalid value: "": spec.allowedNamespaces.names[0] in body should be at least 1 chars long`,
		},
		"namespace twice": {
			edits: []edit{set("spec.allowedNamespaces.names", []any{"a", "a"})},
			want:  `spec.allowedNamespaces.names[1]: Duplicate value: "a"`,
		},
		"namespace of 64 characters": {
			edits: []edit{set("spec.allowedNamespaces.names", []any{strings.Repeat("a", 64)})},
			want:  `spec.allowedNamespaces.names[0]: Too long: may not be more than 63 bytes`,
		},
		"approval by nobody": {
			edits: []edit{set("spec.policy.approval", "Nobody")},
			want:  `spec.policy.approval: Unsupported value: "Nobody": supported values: "None", "Required", "RequiredFromAnother"`,
		},
		"start within a day, in words": {
			edits: []edit{set("spec.policy.startWithin", "a day")},
			want:  `spec.policy.startWithin: Invalid value: "a day": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"start within no time": {
			edits: []edit{set("spec.policy.startWithin", "0m")},
			want:  `spec.policy.startWithin: Invalid value: "0m": must be longer than zero`,
		},
		"longest rewind without a unit": {
			edits: []edit{set("spec.policy.maxRewind", "24")},
			want:  `spec.policy.maxRewind: Invalid value: "24": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"longest rewind in days": {
			edits: []edit{set("spec.policy.maxRewind", "1d")},
			want:  `spec.policy.maxRewind: Invalid value: "1d": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"longest rewind below zero": {
			edits: []edit{set("spec.policy.maxRewind", "-1h")},
			want:  `spec.policy.maxRewind: Invalid value: "-1h": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"longest rewind of nothing": {
			edits: []edit{set("spec.policy.maxRewind", "0s")},
			want:  `spec.policy.maxRewind: Invalid value: "0s": must be longer than zero`,
		},
		"longest rewind that overflows": {
			edits: []edit{set("spec.policy.maxRewind", "9999999h")},
			want:  `spec.policy.maxRewind: Invalid value: "9999999h": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"window without a schedule": {
			edits: []edit{window("schedule", nil)},
			want:  `spec.policy.windows[0].schedule: Required value`,
		},
		"window with an empty schedule": {
			edits: []edit{window("schedule", "")},
			want:  `spec.policy.windows[0].schedule: Invalid value: "": spec.policy.windows[0].schedule in body should be at least 1 chars long`,
		},
		"window without a duration": {
			edits: []edit{window("duration", nil)},
			want:  `spec.policy.windows[0].duration: Required value`,
		},
		"window with an odd duration": {
			edits: []edit{window("duration", "all night")},
			want:  `spec.policy.windows[0].duration: Invalid value: "all night": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"seventeen windows": {
			edits: []edit{set("spec.policy.windows", repeat(17, map[string]any{"schedule": "@daily", "duration": "1h"}))},
			want:  `spec.policy.windows: Too many: 17: must have at most 16 items`,
		},
		"strategy is another": {
			edits: []edit{set("spec.strategy", "Stop")},
			want:  `spec.strategy: Unsupported value: "Stop": supported values: "Restart", "Pause", "None"`,
		},
		"dependent without a kind": {
			edits: []edit{dependents(dependent("kind", nil))},
			want:  `spec.dependents[0].kind: Required value`,
		},
		"dependent without a namespace": {
			edits: []edit{dependents(dependent("namespace", nil))},
			want:  `spec.dependents[0].namespace: Required value`,
		},
		"dependent without a name": {
			edits: []edit{dependents(dependent("name", nil))},
			want:  `spec.dependents[0].name: Required value`,
		},
		"dependent with an empty name": {
			edits: []edit{dependents(dependent("name", ""))},
			want:  `spec.dependents[0].name: Invalid value: "": spec.dependents[0].name in body should be at least 1 chars long`,
		},
		"dependent with another strategy": {
			edits: []edit{dependents(dependent("strategy", "Stop"))},
			want:  `spec.dependents[0].strategy: Unsupported value: "Stop": supported values: "Restart", "Pause", "None"`,
		},
		"dependent far behind": {
			edits: []edit{dependents(dependent("order", int64(1001)))},
			want:  `spec.dependents[0].order: Invalid value: 1001: spec.dependents[0].order in body should be less than or equal to 1000`,
		},
		"dependent twice": {
			edits: []edit{dependents(dependent("order", int64(1)), dependent("order", int64(2)))},
			want:  `spec.dependents[1]: Duplicate value: {"kind":"Deployment","name":"api","namespace":"game"}`,
		},
		"pause timeout without a unit": {
			edits: []edit{set("spec.pauseTimeout", "300")},
			want:  `spec.pauseTimeout: Invalid value: "300": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"empty pause timeout": {
			edits: []edit{set("spec.pauseTimeout", "")},
			want: `spec.pauseTimeout: Invalid value: "": must be a length of time in h, m, s or ms, such as 5m or 1h30m
spec.pauseTimeout: Invalid value: "": spec.pauseTimeout in body should be at least 2 chars long`,
		},
		"reconnect timeout with a blank": {
			edits: []edit{set("spec.reconnectTimeout", "10 m")},
			want:  `spec.reconnectTimeout: Invalid value: "10 m": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"refresh interval of a fraction": {
			edits: []edit{set("spec.refreshInterval", "0.5m")},
			want:  `spec.refreshInterval: Invalid value: "0.5m": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
		"refresh interval too long": {
			edits: []edit{set("spec.refreshInterval", "12345678h")},
			want:  `spec.refreshInterval: Invalid value: "12345678h": must be a length of time in h, m, s or ms, such as 5m or 1h30m`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := server.admin.Create(t.Context(), cluster("schema", test.edits...), client.DryRunAll)
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func repeat(count int, value map[string]any) []any {
	var values []any
	for range count {
		values = append(values, value)
	}
	return values
}

func TestClusterChange(t *testing.T) {
	for name, test := range map[string]struct {
		before, change []edit
		want           string
	}{
		"identifier": {
			change: []edit{set("spec.dbClusterIdentifier", "other")},
			want:   `spec: Invalid value: dbClusterIdentifier is immutable: create another AuroraCluster for another Aurora cluster`,
		},
		"Region added": {
			change: []edit{set("spec.region", "eu-west-1")},
			want:   `spec: Invalid value: region is immutable: create another AuroraCluster for a cluster in another Region`,
		},
		"Region changed": {
			before: []edit{set("spec.region", "eu-west-1")}, change: []edit{set("spec.region", "eu-west-2")},
			want: `spec: Invalid value: region is immutable: create another AuroraCluster for a cluster in another Region`,
		},
		"Region removed": {
			before: []edit{set("spec.region", "eu-west-1")}, change: []edit{unset("spec.region")},
			want: `spec: Invalid value: region is immutable: create another AuroraCluster for a cluster in another Region`,
		},
		"role, policy and namespaces": {change: []edit{
			set("spec.roleARN", "arn:aws:iam::123456789012:role/backtrack"), set("spec.policy.approval", "Required"),
			set("spec.allowedNamespaces.names", []any{"game"}), set("spec.strategy", "Pause"),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			object := create(t, server.admin, cluster("change", test.before...))
			err := server.admin.Update(t.Context(), with(object, test.change...))
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
