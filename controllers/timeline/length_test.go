package timeline

import (
	"testing"
	"time"
)

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 400 * time.Millisecond: "0s", 59 * time.Second: "59s", time.Minute: "1m", 90 * time.Second: "1m30s", 2 * time.Hour: "2h",
		2*time.Hour + 30*time.Second: "2h", 2*time.Hour + 13*time.Minute: "2h13m", 72 * time.Hour: "3d", 75*time.Hour + 59*time.Minute: "3d3h",
	} {
		if got := Length(d); got != want {
			t.Errorf("%s reads %q, want %q", d, got, want)
		}
	}
}
