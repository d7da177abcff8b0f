package admission_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// finish writes the status of an object that came to its end.
func finish(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	before := object.DeepCopy()
	set("status.completedAt", "2023-12-23T14:10:00Z")(object)
	if err := operator(t).Status().Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatalf("finishing %s: %v", object.GetName(), err)
	}
}

func TestBacktrackChange(t *testing.T) {
	const finished = `spec: Invalid value: this AuroraBacktrack has finished and its spec can no longer change: create a new AuroraBacktrack`
	for name, test := range map[string]struct {
		before   []edit
		finished bool
		change   []edit
		want     string
	}{
		"nothing": {},
		"cluster": {
			change: []edit{set("spec.clusterRef.name", "other")},
			want:   `spec: Invalid value: clusterRef is immutable: create a new AuroraBacktrack`,
		},
		"time": {
			change: []edit{set("spec.backtrackTo", "2023-12-23T13:56:00Z")},
			want:   `spec: Invalid value: backtrackTo is immutable: create a new AuroraBacktrack`,
		},
		"the same time in another form": {
			change: []edit{set("spec.backtrackTo", "2023-12-23T14:55:00+01:00")},
			want:   `spec: Invalid value: backtrackTo is immutable: create a new AuroraBacktrack`,
		},
		"force on": {
			change: []edit{set("spec.force", true)},
			want:   `spec: Invalid value: force is immutable: create a new AuroraBacktrack`,
		},
		"force off": {
			before: []edit{set("spec.force", true)}, change: []edit{set("spec.force", false)},
			want: `spec: Invalid value: force is immutable: create a new AuroraBacktrack`,
		},
		"earliest time": {
			change: []edit{set("spec.useEarliestTimeOnPointInTimeUnavailable", true)},
			want:   `spec: Invalid value: useEarliestTimeOnPointInTimeUnavailable is immutable: create a new AuroraBacktrack`,
		},
		"repeat added": {
			change: []edit{set("spec.repeat", "b2c3d4e5-0000-4000-8000-000000000000")},
			want:   `spec: Invalid value: repeat is immutable: create a new AuroraBacktrack`,
		},
		"repeat changed": {
			before: []edit{set("spec.repeat", "b2c3d4e5-0000-4000-8000-000000000000")},
			change: []edit{set("spec.repeat", "b2c3d4e5-0000-4000-8000-000000000001")},
			want:   `spec: Invalid value: repeat is immutable: create a new AuroraBacktrack`,
		},
		"repeat removed": {
			before: []edit{set("spec.repeat", "b2c3d4e5-0000-4000-8000-000000000000")}, change: []edit{unset("spec.repeat")},
			want: `spec: Invalid value: repeat is immutable: create a new AuroraBacktrack`,
		},
		"check added": {
			change: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "check"}})},
			want:   `spec: Invalid value: verify is immutable: create a new AuroraBacktrack`,
		},
		"check changed": {
			before: []edit{set("spec.verify", map[string]any{"jobFrom": map[string]any{"cronJob": "check"}})},
			change: []edit{set("spec.verify.jobFrom.cronJob", "other")},
			want:   `spec: Invalid value: verify is immutable: create a new AuroraBacktrack`,
		},
		"start deadline added": {
			change: []edit{set("spec.startDeadline", "2023-12-24T00:00:00Z")},
			want:   `spec: Invalid value: startDeadline is immutable: create a new AuroraBacktrack`,
		},
		"start deadline changed": {
			before: []edit{set("spec.startDeadline", "2023-12-24T00:00:00Z")},
			change: []edit{set("spec.startDeadline", "2023-12-25T00:00:00Z")},
			want:   `spec: Invalid value: startDeadline is immutable: create a new AuroraBacktrack`,
		},
		"start deadline removed": {
			before: []edit{set("spec.startDeadline", "2023-12-24T00:00:00Z")},
			change: []edit{unset("spec.startDeadline")},
			want:   `spec: Invalid value: startDeadline is immutable: create a new AuroraBacktrack`,
		},
		"time to live added": {
			change: []edit{set("spec.ttlSecondsAfterFinished", int64(60))},
			want:   `spec: Invalid value: ttlSecondsAfterFinished is immutable: create a new AuroraBacktrack`,
		},
		"time to live changed": {
			before: []edit{set("spec.ttlSecondsAfterFinished", int64(60))},
			change: []edit{set("spec.ttlSecondsAfterFinished", int64(0))},
			want:   `spec: Invalid value: ttlSecondsAfterFinished is immutable: create a new AuroraBacktrack`,
		},
		"time to live removed": {
			before: []edit{set("spec.ttlSecondsAfterFinished", int64(60))},
			change: []edit{unset("spec.ttlSecondsAfterFinished")},
			want:   `spec: Invalid value: ttlSecondsAfterFinished is immutable: create a new AuroraBacktrack`,
		},
		"suspend": {change: []edit{set("spec.suspend", true)}},
		"resume":  {before: []edit{set("spec.suspend", true)}, change: []edit{set("spec.suspend", false)}},
		"cancel":  {change: []edit{set("spec.cancel", true)}},
		"cancel taken back": {
			before: []edit{set("spec.cancel", true)}, change: []edit{set("spec.cancel", false)},
			want: `spec: Invalid value: cancel is one way: create a new AuroraBacktrack to rewind after all`,
		},
		"cancel removed": {
			before: []edit{set("spec.cancel", true)}, change: []edit{unset("spec.cancel")},
			want: `spec: Invalid value: cancel is one way: create a new AuroraBacktrack to rewind after all`,
		},
		"labels once finished":  {finished: true, change: []edit{set("metadata.labels", map[string]any{"a": "b"})}},
		"suspend once finished": {finished: true, change: []edit{set("spec.suspend", true)}, want: finished},
		"cancel once finished":  {finished: true, change: []edit{set("spec.cancel", true)}, want: finished},
		"time once finished": {
			finished: true, change: []edit{set("spec.backtrackTo", "2023-12-23T13:56:00Z")},
			want: `spec: Invalid value: backtrackTo is immutable: create a new AuroraBacktrack
spec: Invalid value: this AuroraBacktrack has finished and its spec can no longer change: create a new AuroraBacktrack`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := create(t, server.admin, backtrack("change", test.before...))
			if test.finished {
				finish(t, object)
			}
			err := server.admin.Update(t.Context(), with(object, test.change...))
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
