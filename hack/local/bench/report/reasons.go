package report

// Why a figure is above its mark, where it is. A reason is shown only while its mark is missed.
const (
	memoryMiss   = "Resident memory is what Go has not given back yet; the heap, in the table below, is what the manager holds."
	burstMiss    = "Each rewind needs its call and its history, within a budget of 8 requests a second."
	downtimeMiss = "The steps are below: what remains after the operator has noticed is the new pod's start and its readiness probe, of which Kubernetes asks once a second."
)
