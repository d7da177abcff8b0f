package stage

import (
	"context"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// TakeCare starts again what of a cloud's components ends by itself, as a node would, until the context ends.
// kube-scheduler does so when it has missed too much of what happened while the API server was away.
func TakeCare(ctx context.Context, c *cloud.Cloud, voice Voice) {
	for Pass(ctx, 3*time.Second) == nil {
		started, err := c.StartEnded(ctx)
		for _, name := range started {
			voice.Tell("(%s ended by itself and was started again)", name)
		}
		if err != nil && ctx.Err() == nil {
			voice.Tell("(%v)", err)
		}
	}
}
