package aurora

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// jsonTarget begins the header that names a CloudWatch call in the JSON form.
// The AWS CLI calls CloudWatch so; the Query form is taken, too.
const jsonTarget = "GraniteServiceVersion20100801."

// jsonForm is a JSON call in the Query form, which the operations read.
func jsonForm(r *http.Request, body []byte) (url.Values, error) {
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), jsonTarget)
	values := url.Values{"Action": {action}, "Version": {cloudWatchService.version}}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return values, fail(codeMalformed, "The request is no JSON object: %v.", err)
	}
	for name, value := range members {
		if number, ok := value.(json.Number); ok && strings.HasSuffix(name, "Time") {
			seconds, err := number.Float64()
			if err != nil {
				return values, fail(codeMalformed, "%s is no time: %v.", name, err)
			}
			value = timestamp(time.UnixMilli(int64(seconds * 1000)))
		}
		flatten(values, name, value)
	}
	return values, nil
}

// flatten writes a JSON value as parameters: Name.Member, Name.member.1.
func flatten(into url.Values, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for member, inner := range v {
			flatten(into, name+"."+member, inner)
		}
	case []any:
		for n, inner := range v {
			flatten(into, fmt.Sprintf("%s.member.%d", name, n+1), inner)
		}
	case nil:
	default:
		into.Set(name, fmt.Sprint(v))
	}
}

// jsonSuccess writes a result in the JSON form.
func jsonSuccess(result any) (reply, error) {
	body, err := json.Marshal(result)
	if err != nil {
		return reply{}, fmt.Errorf("writing an answer: %w", err)
	}
	return reply{http.StatusOK, jsonType, body}, nil
}

// jsonFailure writes an error in the JSON form.
func jsonFailure(e *apiError) reply {
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.code, clean(e.message)})
	if err != nil { // strings alone: it can't fail
		panic(err)
	}
	return reply{e.status(), jsonType, body}
}

const jsonType = "application/x-amz-json-1.0"
