package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// picture is where the demo leaves what it did as an SVG, below bin.
const picture = "demo-timeline.svg"

// draw shows what was done as a picture: in the terminal, and as a file.
func (d *demo) draw(ctx context.Context) error {
	d.Say("What happened, as a picture")
	text, err := d.kube.Plugin(ctx, "timeline", cluster, "--width=75")
	if err != nil {
		return err
	}
	d.Tell("kubectl backtrack timeline %s", cluster)
	d.Quote(text)
	svg, err := d.kube.Plugin(ctx, "timeline", cluster, "-o", "svg")
	if err != nil {
		return err
	}
	file := filepath.Join(d.bin, picture)
	if err := os.WriteFile(file, []byte(svg), 0o600); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	d.Tell("kubectl backtrack timeline %s -o svg > %s", cluster, file)
	return nil
}
