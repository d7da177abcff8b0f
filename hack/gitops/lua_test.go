package gitops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
)

// What Argo CD lets a script have (its util/lua): the libraries package, base and table, os with time and date only, and a
// second. There is no string, no math and no io.

// scriptTimeout is how long Argo CD lets a script run.
const scriptTimeout = time.Second

// osTime and osDate are what is left of the library os.
var safeOS = map[string]lua.LGFunction{
	"time": func(l *lua.LState) int { l.Push(lua.LNumber(time.Now().Unix())); return 1 },
	"date": func(l *lua.LState) int { l.Push(lua.LString(time.Now().Format(time.RFC3339))); return 1 },
}

// runScript runs the script on the object and gives what it returns, as JSON.
func runScript(obj *unstructured.Unstructured, script string) ([]byte, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
		{lua.OsLibName, func(l *lua.LState) int { l.Push(l.RegisterModule(lua.OsLibName, safeOS)); return 1 }},
	} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	l.PreloadModule(lua.OsLibName, func(l *lua.LState) int { l.Push(l.SetFuncs(l.NewTable(), safeOS)); return 1 })
	ctx, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	defer cancel()
	l.SetContext(ctx)

	encoded, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, err
	}
	value, err := luajson.Decode(l, encoded) // numbers become floats, as in Argo CD
	if err != nil {
		return nil, err
	}
	l.SetGlobal("obj", value)
	l.SetGlobal("actionParams", l.NewTable())
	if err := l.DoString(script); err != nil {
		var raised *lua.ApiError
		if errors.As(err, &raised) && raised.Type == lua.ApiErrorRun {
			raised.StackTrace = ""
			return nil, raised
		}
		return nil, err
	}
	returned := l.Get(-1)
	if returned.Type() != lua.LTTable {
		return nil, fmt.Errorf("expect table output from Lua script, not %s", returned.Type())
	}
	return luajson.Encode(returned)
}

// health is what Argo CD makes of an object.
type health struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
}

// healthOf runs a health check. Argo CD does not ask the script about what is being deleted.
func healthOf(obj *unstructured.Unstructured, script string) (health, error) {
	if obj.GetDeletionTimestamp() != nil {
		return health{Status: "Progressing", Message: "Pending deletion"}, nil
	}
	data, err := runScript(obj, script)
	if err != nil {
		return health{}, err
	}
	var h health
	if err := json.Unmarshal(data, &h); err != nil {
		return health{}, err
	}
	switch h.Status {
	case "Healthy", "Progressing", "Suspended", "Degraded", "Missing", "Unknown":
		return h, nil
	}
	return health{}, fmt.Errorf("the health status is %q", h.Status)
}

// action is one that Argo CD offers.
type action struct {
	Name        string `json:"name"`
	Disabled    bool   `json:"disabled,omitempty"`
	IconClass   string `json:"iconClass,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// discover runs a discovery script.
func discover(obj *unstructured.Unstructured, script string) (map[string]action, error) {
	data, err := runScript(obj, script)
	if err != nil {
		return nil, err
	}
	found := map[string]action{}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, err
	}
	for name, a := range found {
		a.Name = name
		found[name] = a
	}
	return found, nil
}

// impact is one thing that an action does.
type impact struct {
	Operation string                     `json:"operation"`
	Resource  *unstructured.Unstructured `json:"resource"`
}

// act runs an action. One that returns an object patches it; one that returns a list says what is patched and created.
func act(obj *unstructured.Unstructured, script string) ([]impact, error) {
	data, err := runScript(obj, script)
	if err != nil {
		return nil, err
	}
	if data[0] != '[' {
		changed := &unstructured.Unstructured{}
		if err := changed.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		return []impact{{"patch", restoreEmpty(changed, obj)}}, nil
	}
	var impacts []impact
	if err := json.Unmarshal(data, &impacts); err != nil {
		return nil, err
	}
	for _, i := range impacts {
		if i.Operation != "patch" && i.Operation != "create" {
			return nil, fmt.Errorf("unsupported operation: %q", i.Operation)
		}
	}
	return impacts, nil
}

// restoreEmpty gives back the empty objects that Lua, which knows only tables, returns as empty lists.
func restoreEmpty(changed, obj *unstructured.Unstructured) *unstructured.Unstructured {
	restored, _ := restoreValue(changed.Object, obj.Object).(map[string]any)
	return &unstructured.Unstructured{Object: restored}
}

func restoreValue(changed, was any) any {
	switch changed := changed.(type) {
	case map[string]any:
		was, _ := was.(map[string]any)
		for field, value := range changed {
			changed[field] = restoreValue(value, was[field])
		}
	case []any:
		if wasObject, ok := was.(map[string]any); ok && len(changed) == 0 && wasObject != nil {
			return map[string]any{}
		}
		was, _ := was.([]any)
		for i := range min(len(changed), len(was)) {
			changed[i] = restoreValue(changed[i], was[i])
		}
	}
	return changed
}
