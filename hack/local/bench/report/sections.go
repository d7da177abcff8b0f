package report

// column is a case of a section.
type column struct {
	title, name string
	x           float64 // its place on the plot's axis
}

// line is a metric of a section.
type line struct{ title, metric, unit string }

// section is a part of the page: a table, and a plot of some of its lines.
type section struct {
	heading, text string
	columns       []column
	lines         []line
	plots         []graph
}

// graph is a plot of lines over the columns, or of the steps of an outage.
type graph struct {
	file, title, x, y string
	lines             []line
	steps             bool
}

var sections = []section{
	{
		heading: "At rest",
		text: `AuroraClusters that nobody rewinds, with their default refreshInterval of 60 s. "All Ready" is the time from the start of the
manager's process until the last of them is Ready for the first time. The rest is measured over two minutes, a minute later.`,
		columns: []column{{"10", "rest/10", 10}, {"100", "rest/100", 100}, {"1,000", "rest/1000", 1000}, {"3,000", "rest/3000", 3000}},
		lines: []line{
			{"all Ready after a start", ReadySeconds, "s"}, {"`DescribeDBClusters` a minute", DescribesAMinute, ""},
			{"`DescribeDBClusterBacktracks` a minute", HistoriesAMinute, ""}, {"API reads a minute", APIReadsAMinute, ""},
			{"API writes a minute", APIWritesAMinute, ""}, {"processor time a minute", CPUSecondsAMinute, "s"},
			{"resident memory", ResidentMiB, "MiB"}, {"… without the program's own file", AnonymousMiB, "MiB"}, {"heap after a collection", HeapMiB, "MiB"},
		},
		plots: []graph{
			{file: "rest-calls.svg", title: "At rest: calls a minute", x: "AuroraClusters", y: "calls a minute", lines: []line{
				{"DescribeDBClusters", DescribesAMinute, ""}, {"DescribeDBClusterBacktracks", HistoriesAMinute, ""}, {"API writes", APIWritesAMinute, ""},
			}},
			{file: "rest-memory.svg", title: "At rest: memory", x: "AuroraClusters", y: "MiB", lines: []line{
				{"resident", ResidentMiB, ""}, {"without the program's file", AnonymousMiB, ""}, {"heap", HeapMiB, ""},
			}},
		},
	},
	{
		heading: "Many rewinds at once",
		text: `As many AuroraBacktracks are created at once as there are clusters, without dependents; a backtrack takes 5 s. The rate of requests to
RDS is the default, 8 a second with a burst of 40. Calls beyond shared polling are the backtrack itself, the reads of its history, and
those DescribeDBClusters that ask for one cluster only.`,
		columns: []column{{"10", "burst/10", 10}, {"100", "burst/100", 100}, {"500", "burst/500", 500}},
		lines: []line{
			{"until all have succeeded", TotalSeconds, "s"}, {"accepted calls", Accepted, ""}, {"RDS calls each", RDSEach, ""},
			{"… reads of the history", HistoriesEach, ""}, {"… `DescribeDBClusters`", DescribesEach, ""},
			{"… beyond shared polling", BeyondSharedEach, ""}, {"API reads each", APIReadsEach, ""}, {"API writes each", APIWritesEach, ""},
			{"processor time each", CPUSecondsEach, "s"}, {"most resident memory", HighestMiB, "MiB"},
		},
		plots: []graph{{file: "burst.svg", title: "Rewinds at once: until all have succeeded", x: "rewinds", y: "s", lines: []line{{"all have succeeded", TotalSeconds, ""}}}},
	},
	{
		heading: "A rewind beside idle clusters",
		text: `How long a rewind waits until RDS has accepted its call, from its creation: while the other clusters are refreshed, and when the manager
has just been started and reads all of them (its start and its election as the leader are in that time).`,
		columns: []column{{"alone", "crowd/0", 0}, {"beside 1,000", "crowd/1000", 1000}},
		lines:   []line{{"to the accepted call", CallSeconds, "s"}, {"… right after the manager's start", CallAfterStart, "s"}},
	},
	{
		heading: "An application's downtime",
		text: `The demo's application, two pods that keep one connection to the database each, on the local cloud with real data. It is asked every
10 ms through the pods that are ready. A backtrack takes 21 s, 20 s of them with the database closed. The runbook is
"aws rds backtrack-db-cluster", "aws rds wait db-cluster-available" (which asks every 30 s), "kubectl rollout restart" and
"kubectl rollout status", in a script without a pause; the operator is one "kubectl apply". They take turns. The local Aurora's status does not
lag here: with AWS's lag the wait can end at once, before the backtrack has begun.`,
		columns: []column{{"", "downtime/game-api", 0}},
		plots:   []graph{{file: "downtime.svg", title: "Where the downtime goes (medians)", y: "s", steps: true}},
	},
	{
		heading: "One rewind",
		text:    `One Deployment with one pod depends on the cluster; a backtrack takes 5 s. Calls are the operator's, until the object has succeeded, without the Lease's renewals.`,
		columns: []column{{"restarted", "rewind/restart", 0}, {"paused and resumed", "rewind/pause", 0}},
		lines: []line{
			{"Kubernetes API: reads", APIReads, ""}, {"… writes", APIWrites, ""}, {"RDS calls", RDSCalls, ""}, {"`kubectl apply` → `Succeeded`", TotalSeconds, "s"},
		},
	},
	{
		heading: "From apply to the call",
		text: `100 rewinds of 20 clusters, one after the other, with a Deployment that is restarted. From the start of the process kubectl, and from the
moment at which the API server has received the object: what lies between is kubectl.`,
		columns: []column{{"100 rewinds", "apply/100", 0}},
		lines:   []line{{"`kubectl apply` → accepted call", CallSeconds, "s"}, {"API server → accepted call", CallFromReceived, "s"}},
	},
	{
		heading: "Many dependents",
		text: `200 Deployments with one pod each are paused before the call and resumed after it. The pods are those of
[kwok](https://kwok.sigs.k8s.io), which are ready and gone as soon as the API server says so: two hundred processes on two cores would be
what is measured.`,
		columns: []column{{"200 Deployments", "pause/200", 0}},
		lines: []line{
			{"`kubectl apply` → last patch that pauses", PausedSeconds, "s"}, {"→ end of the last pod", GoneSeconds, "s"},
			{"`kubectl apply` → accepted call", CallSeconds, "s"}, {"… without the pods' end", BeyondSeconds, "s"},
			{"`kubectl apply` → `Succeeded`", TotalSeconds, "s"}, {"API reads for each Deployment", APIReadsEach, ""},
			{"API writes for each Deployment", APIWritesEach, ""}, {"RDS calls", RDSCalls, ""},
		},
	},
	{
		heading: "Memory over finished rewinds",
		text:    `Beside ten AuroraClusters at rest.`,
		columns: []column{{"none", "finished/0", 0}, {"1,000", "finished/1000", 1000}, {"5,000", "finished/5000", 5000}},
		lines: []line{
			{"heap after a collection", HeapMiB, "MiB"}, {"resident memory", ResidentMiB, "MiB"},
			{"… without the program's own file", AnonymousMiB, "MiB"}, {"`DescribeDBClusterBacktracks` a minute", HistoriesAMinute, ""},
			{"API writes a minute", APIWritesAMinute, ""}, {"processor time a minute", CPUSecondsAMinute, "s"},
		},
		plots: []graph{{file: "finished-memory.svg", title: "Memory over finished rewinds", x: "finished AuroraBacktracks", y: "MiB", lines: []line{
			{"resident", ResidentMiB, ""}, {"without the program's file", AnonymousMiB, ""}, {"heap", HeapMiB, ""},
		}}},
	},
	{
		heading: "Memory over workloads of others",
		text: `10,000 Deployments and 20,000 pods that do not depend on the database, in 20 namespaces from which it may be rewound. They exist only in the
API server: nothing of theirs runs, as the operator's memory can depend on no more than the objects.`,
		columns: []column{{"", "foreign/10000", 0}},
		lines: []line{
			{"heap without them", HeapBefore, "MiB"}, {"heap with them", HeapAfter, "MiB"}, {"heap after a rewind among them", HeapAfterRewind, "MiB"},
			{"resident memory without them", ResidentBefore, "MiB"}, {"resident memory with them", ResidentAfter, "MiB"},
			{"most resident memory during the rewind", HighestInRewind, "MiB"},
		},
	},
}
