package report

import (
	"regexp"
	"strings"
	"unicode"
)

// secrets are what never belongs into a ticket, and by what it is replaced.
var secrets = []struct {
	what *regexp.Regexp
	with string
}{
	// The identifiers of AWS access keys.
	{regexp.MustCompile(`\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b`), "[access key]"},
	// What stands behind a name that says it is secret, up to the end of the word or the quotes.
	{regexp.MustCompile(`(?i)((?:secret|password|passwd|token|credential|authorization|signature|externalID|external_id|session)[a-z_-]*"?\s*[:=]\s*)("[^"]*"|(?:bearer |basic )?[^\s,;}&]+)`), "${1}[redacted]"},
	{regexp.MustCompile(`(?i)(X-Amz-(?:Credential|Signature|Security-Token)=)[^&\s"]+`), "${1}[redacted]"},
	// JSON Web Tokens.
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), "[token]"},
	// User and password in a URL or a MySQL address.
	{regexp.MustCompile(`\b([A-Za-z0-9_.-]+):([^@\s/:]+)@((?:tcp\(|[A-Za-z0-9.-]+[:/]))`), "${1}:[redacted]@${3}"},
	// Account numbers in ARNs.
	{regexp.MustCompile(`(arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:)\d{12}(:)`), "${1}[account]${2}"},
}

// Redact takes out what is secret.
func Redact(text string) string {
	for _, s := range secrets {
		text = s.what.ReplaceAllString(text, s.with)
	}
	return text
}

// printable takes out the control characters of a text of many lines.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		// Format characters (Cf) are invisible; among them are all that change the direction of the text.
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
}
