package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
)

// journal keeps what all managers of the tests have logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// check gives 1 if the logs tell what they may not: the secret key, or a signature made with it.
func (j *journal) check() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, secret := range []string{secretKey, wrongKey, "AWS4-HMAC-SHA256", "X-Amz-Security-Token"} {
		if at := bytes.Index(j.text.Bytes(), []byte(secret)); at >= 0 {
			fmt.Fprintf(os.Stderr, "the logs tell a credential: %.300s\n", j.text.Bytes()[max(at-200, 0):])
			return 1
		}
	}
	if j.text.Len() > 0 && !bytes.Contains(j.text.Bytes(), []byte("controller")) {
		fmt.Fprintln(os.Stderr, "the logs were not looked at")
		return 1
	}
	return 0
}
