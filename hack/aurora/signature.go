package aurora

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signed is what the Authorization header of Signature Version 4 says.
type signed struct {
	accessKeyID           string
	date, region, service string
	headers               []string
	signature             string
}

const algorithm = "AWS4-HMAC-SHA256"

// parseAuthorization reads the header form of Signature Version 4.
func parseAuthorization(header string) (signed, error) {
	malformed := fail(codeIncompleteSignature, "Authorization header requires Credential, SignedHeaders and Signature in the form of %s.", algorithm)
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return signed{}, malformed
	}
	fields := map[string]string{}
	for _, field := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || fields["SignedHeaders"] == "" || fields["Signature"] == "" {
		return signed{}, malformed
	}
	return signed{
		accessKeyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers:   strings.Split(fields["SignedHeaders"], ";"),
		signature: fields["Signature"],
	}, nil
}

// maxSignatureAge is how far a signature's time may be from the server's, both
// ways. A request can be received that long after it was signed.
const maxSignatureAge = 5 * time.Minute

const signatureTime = "20060102T150405Z"

// checkScope fails for a signature made for another service or day.
func (a signed) checkScope(service, date string) error {
	switch {
	case len(date) < len("20060102"):
		return fail(codeIncompleteSignature, "Date must be in ISO-8601 'basic format'. Got '%s'.", date)
	case !strings.HasPrefix(date, a.date):
		return fail(codeSignatureDoesNotMatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			a.date, date[:8], date)
	case a.service != service:
		return fail(codeSignatureDoesNotMatch, "Credential should be scoped to correct service: '%s'.", service)
	}
	return nil
}

// checkAge fails for a signature that is too old, or ahead of the clock.
func checkAge(date string, now time.Time) error {
	at, err := time.Parse(signatureTime, date)
	now = now.UTC()
	bound := func(by time.Duration) string { return now.Add(by).Format(signatureTime) }
	switch {
	case err != nil:
		return fail(codeIncompleteSignature, "Date must be in ISO-8601 'basic format'. Got '%s'.", date)
	case at.Before(now.Add(-maxSignatureAge)):
		return fail(codeSignatureDoesNotMatch, "Signature expired: %s is now earlier than %s (%s - 5 min.)", date, bound(-maxSignatureAge), bound(0))
	case at.After(now.Add(maxSignatureAge)):
		return fail(codeSignatureDoesNotMatch, "Signature not yet current: %s is still later than %s (%s + 5 min.)", date, bound(maxSignatureAge), bound(0))
	}
	return nil
}

// check computes the signature anew and compares.
func (a signed) check(r *http.Request, body []byte, secret string) error {
	scope := strings.Join([]string{a.date, a.region, a.service, "aws4_request"}, "/")
	canonical := sha256.Sum256([]byte(a.canonicalRequest(r, body)))
	toSign := strings.Join([]string{algorithm, r.Header.Get("X-Amz-Date"), scope, hex.EncodeToString(canonical[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request"} {
		key = sign(key, part)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(sign(key, toSign))), []byte(a.signature)) {
		return fail(codeSignatureDoesNotMatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.")
	}
	return nil
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (a signed) canonicalRequest(r *http.Request, body []byte) string {
	lines := []string{r.Method, canonicalPath(r.URL), canonicalQuery(r.URL.Query())}
	for _, name := range a.headers {
		lines = append(lines, name+":"+canonicalHeader(r, name))
	}
	hash := sha256.Sum256(body)
	return strings.Join(append(lines, "", strings.Join(a.headers, ";"), hex.EncodeToString(hash[:])), "\n")
}

func canonicalPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := r.Header.Values(name)
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(trimmed, ",")
}
