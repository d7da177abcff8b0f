package bench

// application is the demo's, which keeps one connection for as long as it lives, and the AuroraCluster that it depends on.
const application = `apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: %[1]s}
spec:
  dbClusterIdentifier: %[1]s
  allowedNamespaces: {names: [%[1]s]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: game-api, namespace: %[1]s, labels: {aurora-backtrack.io/cluster: %[1]s}}
spec:
  replicas: 2
  selector: {matchLabels: {app: game-api}}
  template:
    metadata: {labels: {app: game-api}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: game-api
        image: game-api
        command: [/game-api]
        args: [--listen=$(POD_IP):8080]
        env:
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: MYSQL_HOST, value: %[2]q}
        - {name: MYSQL_PORT, value: "%[3]d"}
        - {name: MYSQL_DATABASE, value: %[4]q}
        - {name: MYSQL_USER, value: %[5]q}
        - {name: MYSQL_PASSWORD, value: %[6]q}
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 1, failureThreshold: 1}
`
