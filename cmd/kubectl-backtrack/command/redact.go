package command

import (
	"regexp"
	"strings"
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

// redact takes out what is secret.
func redact(text string) string {
	for _, s := range secrets {
		text = s.what.ReplaceAllString(text, s.with)
	}
	return text
}

// printable takes out the control characters of a text of many lines.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) && (r < 0x200b || r > 0x200f) && (r < 0x202a || r > 0x202e) && (r < 0x2066 || r > 0x2069) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, " "))
}
