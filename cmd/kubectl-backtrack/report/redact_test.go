package report

import "testing"

func TestRedact(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"an access key":         {"key AKIAIOSFODNN7EXAMPLE used", "key [access key] used"},
		"a secret":              {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted]"},
		"a password in JSON":    {`{"password": "a b c", "x": 1}`, `{"password": [redacted], "x": 1}`},
		"a header":              {"Authorization: Bearer abc.def", "Authorization: [redacted]"},
		"a signed URL":          {"?X-Amz-Signature=abc&x=1", "?X-Amz-Signature=[redacted]&x=1"},
		"a database address":    {"root:hunter2@tcp(db:3306)/game", "root:[redacted]@tcp(db:3306)/game"},
		"an account":            {"arn:aws:rds:eu-west-1:123456789012:cluster:game", "arn:aws:rds:eu-west-1:[account]:cluster:game"},
		"a token":               {"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2ln", "[token]"},
		"what is not secret":    {"backtrackTo: 2023-12-23T13:55:00Z by alice@example.com", "backtrackTo: 2023-12-23T13:55:00Z by alice@example.com"},
		"a field of the status": {"message: the secretary has no password", "message: the secretary has no password"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Redact(test.text); got != test.want {
				t.Errorf("it reads %q, want %q", got, test.want)
			}
		})
	}
}
