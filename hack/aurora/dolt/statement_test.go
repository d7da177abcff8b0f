package dolt

import "testing"

func TestKindOf(t *testing.T) {
	for text, want := range map[string]kind{
		"SELECT 1":                               reads,
		"  /* a comment */ select v from t":      reads,
		"-- a comment\nSHOW TABLES":              reads,
		"(SELECT 1) UNION (SELECT 2)":            reads,
		"SELECT v FROM t FOR\n UPDATE":           locksRow,
		"select v from t lock in share mode":     locksRow,
		"WITH a AS (SELECT 1) SELECT * FROM a":   reads,
		"WITH a AS (SELECT 1) DELETE FROM t":     writes,
		"/*!40000 ALTER TABLE t DISABLE KEYS */": writes,
		"insert into t values (1)":               writes,
		"SAVEPOINT a":                            writes,
		"CALL p()":                               writes,
		"start transaction":                      begins,
		"BEGIN":                                  begins,
		"COMMIT":                                 commits,
		"rollback":                               controls,
		"SET autocommit = 0":                     controls,
		"":                                       writes,
	} {
		if got := kindOf(text); got != want {
			t.Errorf("%q: kind %d, want %d", text, got, want)
		}
	}
}
