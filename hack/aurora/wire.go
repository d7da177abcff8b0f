package aurora

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The error codes of RDS and STS that are not faults of one kind of object.
const (
	codeMissingParameter   = "MissingParameter"
	codeInvalidParameter   = "InvalidParameterValue"
	codeInvalidCombination = "InvalidParameterCombination"
	codeInvalidAction      = "InvalidAction"
	codeAccessDenied       = "AccessDenied"
	codeInternalFailure    = "InternalFailure"
	codeUnavailable        = "ServiceUnavailable"
	codeThrottling         = "ThrottlingException"
	codeThrottlingShort    = "Throttling"
)

// The RDS faults used here, with the codes and statuses of its API model.
const (
	faultClusterNotFound        = "DBClusterNotFoundFault"
	faultClusterExists          = "DBClusterAlreadyExistsFault"
	faultClusterState           = "InvalidDBClusterStateFault"
	faultInstanceNotFound       = "DBInstanceNotFound"
	faultInstanceExists         = "DBInstanceAlreadyExists"
	faultInstanceState          = "InvalidDBInstanceState"
	faultBacktrackNotFound      = "DBClusterBacktrackNotFoundFault"
	faultSnapshotNotFound       = "DBClusterSnapshotNotFoundFault"
	faultSnapshotExists         = "DBClusterSnapshotAlreadyExistsFault"
	faultSnapshotState          = "InvalidDBClusterSnapshotStateFault"
	faultSubnetGroupNotFound    = "DBSubnetGroupNotFoundFault"
	faultSubnetGroupExists      = "DBSubnetGroupAlreadyExists"
	faultSubnetGroupState       = "InvalidDBSubnetGroupStateFault"
	faultParameterGroupNotFound = "DBParameterGroupNotFound"
	faultParameterGroupExists   = "DBParameterGroupAlreadyExists"
	faultParameterGroupState    = "InvalidDBParameterGroupState"
	faultClusterGroupNotFound   = "DBClusterParameterGroupNotFound"
	faultGlobalClusterNotFound  = "GlobalClusterNotFoundFault"
)

// statuses are the HTTP statuses that differ from 400.
var statuses = map[string]int{
	faultClusterNotFound:        http.StatusNotFound,
	faultInstanceNotFound:       http.StatusNotFound,
	faultBacktrackNotFound:      http.StatusNotFound,
	faultSnapshotNotFound:       http.StatusNotFound,
	faultSubnetGroupNotFound:    http.StatusNotFound,
	faultParameterGroupNotFound: http.StatusNotFound,
	faultClusterGroupNotFound:   http.StatusNotFound,
	faultGlobalClusterNotFound:  http.StatusNotFound,

	codeAccessDenied:          http.StatusForbidden,
	codeInvalidClientToken:    http.StatusForbidden,
	codeSignatureDoesNotMatch: http.StatusForbidden,
	codeMissingAuthentication: http.StatusForbidden,
	codeExpiredToken:          http.StatusForbidden,
	codeIncompleteSignature:   http.StatusBadRequest,
	codeInternalFailure:       http.StatusInternalServerError,
	codeUnavailable:           http.StatusServiceUnavailable,
}

// apiError is an error as the API says it.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) status() int {
	if status, ok := statuses[e.code]; ok {
		return status
	}
	return http.StatusBadRequest
}

func fail(code, format string, args ...any) error {
	return &apiError{code, fmt.Sprintf(format, args...)}
}

// asAPIError is err as the API says it: what is not meant for callers becomes
// an internal failure.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return &apiError{codeInternalFailure, "An internal error has occurred: " + err.Error()}
}

// reply is a whole answer.
type reply struct {
	status      int
	contentType string
	body        []byte
}

const xmlType = "text/xml"

// success writes result as <XResponse><XResult>…</XResult>…</XResponse>. A
// call without a result gets an answer without the inner element.
func success(service service, action, requestID string, result any) (reply, error) {
	if service.json {
		return jsonSuccess(result)
	}
	var body bytes.Buffer
	body.WriteString(xml.Header)
	e := xml.NewEncoder(&body)
	root := xml.StartElement{
		Name: xml.Name{Local: action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: service.namespace}},
	}
	write := []func() error{func() error { return e.EncodeToken(root) }}
	if result != nil {
		name := xml.StartElement{Name: xml.Name{Local: action + "Result"}}
		write = append(write, func() error { return e.EncodeElement(result, name) })
	}
	metadata := struct{ RequestId string }{requestID}
	name := xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}
	write = append(write,
		func() error { return e.EncodeElement(metadata, name) },
		func() error { return e.EncodeToken(root.End()) },
		e.Close)
	for _, step := range write {
		if err := step(); err != nil {
			return reply{}, fmt.Errorf("writing the answer of %s: %w", action, err)
		}
	}
	return reply{http.StatusOK, xmlType, body.Bytes()}, nil
}

// failure writes an error.
func failure(service service, requestID string, e *apiError) reply {
	if service.json {
		return jsonFailure(e)
	}
	type detail struct{ Type, Code, Message string }
	answer := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     detail
		RequestId string
	}{
		Namespace: service.namespace,
		Error:     detail{"Sender", e.code, clean(e.message)},
		RequestId: requestID,
	}
	if e.status() >= http.StatusInternalServerError {
		answer.Error.Type = "Receiver"
	}
	body, err := xml.Marshal(answer)
	if err != nil { // strings alone: it can't fail
		panic(err)
	}
	return reply{e.status(), xmlType, append([]byte(xml.Header), body...)}
}

// clean makes a message of what a caller sent fit for XML and for a reader.
func clean(message string) string { return strings.ToValidUTF8(message, "?") }

// itoa writes a whole number.
func itoa(n int) string { return strconv.Itoa(n) }

// timestamp writes a time as RDS does: UTC, milliseconds if there are any.
func timestamp(t time.Time) string {
	t = milliseconds(t)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// optionalTime is a timestamp, or nothing for the zero time.
func optionalTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return timestamp(t)
}
