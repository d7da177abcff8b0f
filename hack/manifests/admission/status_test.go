package admission_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// condition is a status with one condition that became true at that time.
func condition(lastTransitionTime string) edit {
	return set("status.conditions", []any{map[string]any{
		"type": "Succeeded", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": lastTransitionTime,
	}})
}

// TestStatusTimes stores odd times by hand. Whatever the API server takes, a client must be able to read, or one
// object would stop the informer for all of them.
func TestStatusTimes(t *testing.T) {
	for name, test := range map[string]struct {
		status  edit
		refused bool
	}{
		"a time":                   {status: condition("2023-12-23T13:55:00Z")},
		"a fraction":               {status: condition("2023-12-23T13:55:00.123456Z")},
		"second 60":                {status: condition("2016-12-31T23:59:60Z"), refused: true},
		"hour 25":                  {status: condition("2023-12-23T25:00:00Z"), refused: true},
		"hour 24":                  {status: condition("2023-12-23T24:00:00Z"), refused: true},
		"February 30":              {status: condition("2023-02-30T00:00:00Z"), refused: true},
		"no zone":                  {status: condition("2023-12-23T13:55:00"), refused: true},
		"no seconds":               {status: condition("2023-12-23T13:55Z"), refused: true},
		"a day":                    {status: condition("2023-12-23"), refused: true},
		"lower case":               {status: condition("2023-12-23t13:55:00z"), refused: true},
		"a blank for the T":        {status: condition("2023-12-23 13:55:00Z"), refused: true},
		"zone without a colon":     {status: condition("2023-12-23T13:55:00+0100"), refused: true},
		"zone of 24 hours":         {status: condition("2023-12-23T13:55:00+24:00")},
		"zone with 60 minutes":     {status: condition("2023-12-23T13:55:00+01:60")},
		"comma":                    {status: condition("2023-12-23T13:55:00,5Z")},
		"nothing":                  {status: condition(""), refused: true},
		"year 0":                   {status: condition("0000-01-01T00:00:00Z"), refused: true},
		"year 1":                   {status: condition("0001-01-01T00:00:00Z")},
		"year 9999":                {status: condition("9999-12-31T23:59:59Z")},
		"year 9999 beyond UTC":     {status: condition("9999-12-31T23:59:59-23:59")},
		"other digits":             {status: condition("２０２３-12-23T13:55:00Z"), refused: true},
		"completed at no time":     {status: set("status.completedAt", "once"), refused: true},
		"completed on February 30": {status: set("status.completedAt", "2023-02-30T00:00:00Z"), refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			object := create(t, server.admin, backtrack("status"))
			before := object.DeepCopy()
			err := operator(t).Status().Patch(t.Context(), with(object, test.status), client.MergeFrom(before))
			if (err != nil) != test.refused {
				t.Errorf("refused: %v, want: %t", err, test.refused)
			}
			readable(t, object)
		})
	}
}

// readable fails the test if a typed client can not read the object as it is stored.
func readable(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	err := server.admin.Get(t.Context(), client.ObjectKeyFromObject(object), &v1alpha1.AuroraBacktrack{})
	if err != nil {
		t.Errorf("what the API server took can not be read: %v", err)
	}
}

func TestStatusOfANewObject(t *testing.T) {
	forged := backtrack("forged", set("status.completedAt", "2023-12-23T14:10:00Z"), condition("2023-12-23T14:10:00Z"))
	created := create(t, server.admin, forged)
	status, _, err := unstructured.NestedMap(created.Object, "status")
	if err != nil || len(status) != 1 || status["observedGeneration"] != int64(-1) {
		t.Errorf("status of a new object: %v (%v), want only observedGeneration: -1", status, err)
	}
}
