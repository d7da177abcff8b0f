package report

// Why a figure is above its mark, where it is. A reason is shown only while its mark is missed.
const (
	memoryMiss   = "About 50 MiB of it are pages of the program's own file, which the kernel can drop at any time; the tables below show what remains, and the heap."
	readyMiss    = "The history of each cluster is read before it is Ready, within a budget of 8 requests a second."
	burstMiss    = "Each rewind needs its call and its history, within a budget of 8 requests a second."
	downtimeMiss = "The steps are below: until the next poll notices the end, then the new pod's start and its readiness probe, which is asked once a second."

	// stale goes with a figure that was not measured again since e0033bb.
	stale = "It was measured before rewinds were followed by the pollers, and not since."
)
