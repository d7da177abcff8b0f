package bench

import "github.com/aurora-backtrack/operator/api/v1alpha1"

// measurements are all cases, in the order in which they run: the short ones first.
var measurements = []measurement{
	rewind("restart", v1alpha1.StrategyRestart),
	rewind("pause", v1alpha1.StrategyPause),
	applies(),
	pause(200),
	burst(10),
	burst(100),
	burst(500),
	crowd(0),
	crowd(1000),
	rest(10),
	rest(100),
	rest(1000),
	rest(3000),
	finished(0),
	finished(1000),
	finished(5000),
	foreign(10_000, 20_000),
	downtime(),
	ratios(),
}
