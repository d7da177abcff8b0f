package main

import (
	"errors"

	"github.com/go-logr/logr"

	"github.com/aurora-backtrack/operator/controllers/line"
)

// longestLog is how many bytes of a text are kept in the log.
const longestLog = 4096

// cleanLog makes one clean line of every text on its way into the log. Errors carry what others wrote: an
// admission webhook, the owner of a workload.
type cleanLog struct{ logr.LogSink }

// clean gives a logger that writes clean lines only.
func clean(logger logr.Logger) logr.Logger {
	return logger.WithSink(cleanLog{logger.GetSink()})
}

func (l cleanLog) Info(level int, message string, pairs ...any) {
	l.LogSink.Info(level, line.Clean(message, longestLog), cleanPairs(pairs)...)
}

func (l cleanLog) Error(err error, message string, pairs ...any) {
	l.LogSink.Error(cleanError(err), line.Clean(message, longestLog), cleanPairs(pairs)...)
}

func (l cleanLog) WithValues(pairs ...any) logr.LogSink {
	return cleanLog{l.LogSink.WithValues(cleanPairs(pairs)...)}
}

func (l cleanLog) WithName(name string) logr.LogSink { return cleanLog{l.LogSink.WithName(name)} }

func cleanPairs(pairs []any) []any {
	cleaned := make([]any, len(pairs))
	for i, pair := range pairs {
		switch value := pair.(type) {
		case string:
			pair = line.Clean(value, longestLog)
		case error:
			pair = cleanError(value)
		}
		cleaned[i] = pair
	}
	return cleaned
}

func cleanError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(line.Clean(err.Error(), longestLog))
}
