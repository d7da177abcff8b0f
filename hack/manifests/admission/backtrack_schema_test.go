package admission_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestBacktrackCreation(t *testing.T) {
	for name, test := range map[string]struct {
		edits []edit
		// want is what the person is told; empty where the object is taken.
		want string
	}{
		"two fields": {},
		"every field": {edits: []edit{
			set("spec.force", true), set("spec.useEarliestTimeOnPointInTimeUnavailable", true),
			set("spec.suspend", true), set("spec.cancel", true), set("spec.repeat", "b2c3d4e5-0000-4000-8000-000000000000"),
			set("spec.startDeadline", "2023-12-23T14:55Z"), set("spec.ttlSecondsAfterFinished", int64(86400)),
		}},
		"a check": {edits: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "check-orders"}})}},
		"a check with every field": {edits: []edit{set("spec.verify", map[string]any{
			"jobFrom": map[string]any{"cronJob": "check.orders-2"}, "timeout": "1h30m", "onFailure": "Keep",
		})}},
		"a check of nothing": {edits: []edit{set("spec.verify", map[string]any{})},
			want: `spec.verify.jobFrom: Required value`},
		"a check without its CronJob": {edits: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{}})},
			want: `spec.verify.jobFrom.cronJob: Required value`},
		"a check by a CronJob elsewhere": {edits: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "shop/check"}})},
			want: `spec.verify.jobFrom.cronJob: Invalid value: "shop/check": must be the name of a CronJob in the namespace of this AuroraBacktrack, such as check-orders`},
		"a check that takes no time": {edits: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "check"}, "timeout": "0s"})},
			want: `spec.verify.timeout: Invalid value: "0s": must be longer than zero`},
		"a check for a while": {edits: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "check"}, "timeout": "5 minutes"})},
			want: `spec.verify.timeout: Invalid value: "5 minutes": must be a length of time in h, m, s or ms, such as 5m or 1h30m`},
		"no spec": {edits: []edit{unset("spec")},
			want: `spec: Required value`},
		"no cluster": {edits: []edit{unset("spec.clusterRef")},
			want: `spec.clusterRef: Required value`},
		"no cluster name": {edits: []edit{unset("spec.clusterRef.name")},
			want: `spec.clusterRef.name: Required value`},
		"empty cluster name": {edits: []edit{set("spec.clusterRef.name", "")},
			want: `spec.clusterRef.name: Invalid value: "": spec.clusterRef.name in body should be at least 1 chars long`},
		"cluster name of 63 characters": {edits: []edit{set("spec.clusterRef.name", strings.Repeat("a", 63))}},
		"cluster name of 64 characters": {edits: []edit{set("spec.clusterRef.name", strings.Repeat("a", 64))},
			want: `spec.clusterRef.name: Too long: may not be more than 63 bytes`},
		"repeat as it was once": {edits: []edit{set("spec.repeat", true)},
			want: `spec.repeat: Invalid value: "boolean": spec.repeat in body must be of type string: "boolean"`},
		"repeat is a word": {edits: []edit{set("spec.repeat", "true")},
			want: `spec.repeat: Invalid value: "true": must be the BacktrackIdentifier of the backtrack that is repeated, such as b2c3d4e5-0000-4000-8000-000000000000; the message of an AuroraBacktrack that ended as AlreadyApplied names it`},
		"repeat in capitals": {edits: []edit{set("spec.repeat", "B2C3D4E5-0000-4000-8000-00000000000F")}},
		"repeat is empty": {edits: []edit{set("spec.repeat", "")},
			want: `spec.repeat: Invalid value: "": must be the BacktrackIdentifier of the backtrack that is repeated, such as b2c3d4e5-0000-4000-8000-000000000000; the message of an AuroraBacktrack that ended as AlreadyApplied names it
spec.repeat: Invalid value: "": spec.repeat in body should be at least 1 chars long`},
		"own name of 253 characters": {edits: []edit{set("metadata.name", strings.Repeat("a", 253))}},
		"own name of 254 characters": {edits: []edit{set("metadata.name", strings.Repeat("a", 254))},
			want: `metadata.name: Invalid value: "` + strings.Repeat("a", 254) + `": must be no more than 253 characters`},
		"no time": {edits: []edit{unset("spec.backtrackTo")},
			want: `spec.backtrackTo: Required value`},
		"malformed start deadline": {edits: []edit{set("spec.startDeadline", "tomorrow")},
			want: `spec.startDeadline: Invalid value: "tomorrow": must be an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z or 2023-12-23T14:55:00.250+01:00`},
		"empty time": {edits: []edit{set("spec.backtrackTo", "")},
			want: `spec.backtrackTo: Invalid value: "": must be an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z or 2023-12-23T14:55:00.250+01:00
spec.backtrackTo: Invalid value: "": spec.backtrackTo in body should be at least 1 chars long`},
		"empty start deadline": {edits: []edit{set("spec.startDeadline", "")},
			want: `spec.startDeadline: Invalid value: "": must be an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z or 2023-12-23T14:55:00.250+01:00
spec.startDeadline: Invalid value: "": spec.startDeadline in body should be at least 1 chars long`},
		"time to live below zero": {edits: []edit{set("spec.ttlSecondsAfterFinished", int64(-1))},
			want: `spec.ttlSecondsAfterFinished: Invalid value: -1: spec.ttlSecondsAfterFinished in body should be greater than or equal to 0`},
		"time to live of zero":     {edits: []edit{set("spec.ttlSecondsAfterFinished", int64(0))}},
		"time to live of 68 years": {edits: []edit{set("spec.ttlSecondsAfterFinished", int64(2147483647))}},
		"time to live beyond": {edits: []edit{set("spec.ttlSecondsAfterFinished", int64(2147483648))},
			want: `spec.ttlSecondsAfterFinished: Invalid value: 2147483648: spec.ttlSecondsAfterFinished in body should be less than or equal to 2147483647`},
		"force is a word": {edits: []edit{set("spec.force", "yes")},
			want: `spec.force: Invalid value: "string": spec.force in body must be of type boolean: "string"`},
		"cluster is a string": {edits: []edit{set("spec.clusterRef", "game")},
			want: `spec.clusterRef: Invalid value: "string": spec.clusterRef in body must be of type object: "string"`},
		"time is a number": {edits: []edit{set("spec.backtrackTo", int64(1703339700))},
			want: `spec.backtrackTo: Invalid value: "integer": spec.backtrackTo in body must be of type string: "integer"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := server.admin.Create(t.Context(), backtrack("schema", test.edits...), client.DryRunAll)
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
