package dolt

import (
	"regexp"
	"strings"
)

// defaultCollation is MySQL's own, which ignores case; Dolt's does not.
const defaultCollation = "utf8mb4_0900_ai_ci"

var (
	createsDatabase = regexp.MustCompile(`(?is)^\s*CREATE\s+(DATABASE|SCHEMA)\s`)
	namesCollation  = regexp.MustCompile(`(?i)\b(COLLATE|CHARSET|CHARACTER\s+SET)\b`)
)

// withCollation is a statement that gives a new database MySQL's default
// collation, unless it names one. Several statements in one stay as they are.
func withCollation(query string) string {
	single := strings.TrimRight(query, "; \t\r\n")
	if !createsDatabase.MatchString(single) || namesCollation.MatchString(single) || strings.Contains(single, ";") {
		return query
	}
	return single + " COLLATE " + defaultCollation
}
