package e2e

import "strings"

const kindsCluster = `
  allowedNamespaces: {selector: {matchLabels: {estate: NAME}}}
  strategy: Pause
  dependents:
  - {apiVersion: example.com/v1, kind: Widget, namespace: NAME, name: gadget, strategy: Pause, order: 1}
`

// kindsWorkloads is one of every kind. The pods of those that are labelled have the label app.
var kindsWorkloads = strings.Join([]string{
	workload("Deployment", "web", "replicas: 2"),
	workload("StatefulSet", "db", "replicas: 2, serviceName: db, updateStrategy: {type: OnDelete}"),
	workload("DaemonSet", "agent", "minReadySeconds: 0"),
	workload("ReplicaSet", "cache", "replicas: 2"),
	workload("Deployment", "queue", "replicas: 1"),
	`apiVersion: batch/v1
kind: CronJob
metadata: {name: often, namespace: NAME, labels: {aurora-backtrack.io/cluster: NAME}}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: it, image: it, command: [sleep, "6"]}]}}}}
`, `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: NAME}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 5
`, `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: canary, namespace: NAME, labels: {aurora-backtrack.io/cluster: NAME}}
spec: {replicas: 2, selector: {matchLabels: {app: canary}}}
`, `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: queue, namespace: NAME}
spec: {scaleTargetRef: {name: queue}}
`, `apiVersion: example.com/v1
kind: Widget
metadata: {name: gadget, namespace: NAME}
spec: {size: 3}
`,
	// What a Widget is made of. It is no dependent, but follows the Widget.
	strings.Replace(workload("ReplicaSet", "gadget", "replicas: 3"), "labels: {aurora-backtrack.io/cluster: NAME}", "labels: {}", 1),
}, "---\n")

// workload is a workload whose pods sleep. more is put into its spec.
func workload(kind, name, more string) string {
	return strings.NewReplacer("KIND", kind, "WORKLOAD", name, "MORE", more).Replace(`apiVersion: apps/v1
kind: KIND
metadata: {name: WORKLOAD, namespace: NAME, labels: {aurora-backtrack.io/cluster: NAME}}
spec: {MORE, selector: {matchLabels: {app: WORKLOAD}}, template: {metadata: {labels: {app: WORKLOAD}}, spec: {
  containers: [{name: it, image: it, command: [sleep, "86400"]}]}}}
`)
}

// foreignKinds are kinds that other projects bring, as small as they can be: their group, their name and their scale.
var foreignKinds = definition("argoproj.io", "v1alpha1", "Rollout", "rollouts", ".spec.replicas") +
	definition("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", "") +
	definition("example.com", "v1", "Widget", "widgets", ".spec.size") + `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: e2e-widgets}
rules:
- {apiGroups: [example.com], resources: [widgets], verbs: [get, patch]}
- {apiGroups: [example.com], resources: [widgets/scale], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-widgets}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-widgets}
subjects: [{kind: ServiceAccount, name: aurora-backtrack-manager, namespace: aurora-backtrack-system}]
`

func definition(group, version, kind, plural, replicas string) string {
	scale := ""
	if replicas != "" {
		scale = ", scale: {specReplicasPath: " + replicas + ", statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}"
	}
	return strings.NewReplacer("GROUP", group, "VERSION", version, "KIND", kind, "PLURAL", plural, "SCALE", scale,
		"SINGULAR", strings.ToLower(kind)).Replace(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: KIND, plural: PLURAL, singular: SINGULAR}
  versions:
  - name: VERSION
    served: true
    storage: true
    subresources: {status: {}SCALE}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
`)
}

// endingWorkloads are what is paused where it matters how a rewind ends. web's pods end slowly, or not at all.
func endingWorkloads(pod string) string {
	web := workload("Deployment", "web", "replicas: 2")
	switch pod {
	case slowly:
		web = strings.Replace(web, "name: it,", "name: it, "+slowly, 1)
	case ignoring:
		web = strings.Replace(web, "containers:", "terminationGracePeriodSeconds: 600, containers:", 1)
		web = strings.Replace(web, `[sleep, "86400"]`, `[sh, -c, 'trap "" TERM; while :; do sleep 1; done']`, 1)
	}
	return strings.Join([]string{web,
		workload("StatefulSet", "db", "replicas: 1, serviceName: db"),
		workload("DaemonSet", "agent", "minReadySeconds: 0"),
		`apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: NAME, labels: {aurora-backtrack.io/cluster: NAME}}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: it, image: it, command: [sleep, "86400"]}]}}}}
`}, "---\n")
}
