{{/* Changes the Deployment of config/manager as the values say, and prints nothing. The arguments: root, object. */}}
{{- define "aurora-backtrack.deployment" -}}
{{- $values := .root.Values -}}
{{- $template := .object.spec.template -}}
{{- $pod := $template.spec -}}
{{- $manager := index $pod.containers 0 -}}
{{- $_ := set .object.spec "replicas" $values.replicas -}}
{{- $_ := set $pod "serviceAccountName" $values.serviceAccount.name -}}
{{- $_ := set $manager "image" (include "aurora-backtrack.image" .root) -}}
{{- $_ := set $manager "imagePullPolicy" $values.image.pullPolicy -}}
{{- if $values.watchNamespaces -}}
{{- $_ := set $manager "args" (append $manager.args (printf "--watch-namespaces=%s" (join "," $values.watchNamespaces))) -}}
{{- end -}}
{{- range $flag, $value := $values.flags -}}
{{- $_ := set $manager "args" (append $manager.args (printf "--%s=%v" $flag $value)) -}}
{{- end -}}
{{- if $values.resources -}}
{{- /* Go's memory limit follows the container's by itself, unless it is set. */ -}}
{{- $env := list -}}
{{- range $manager.env }}{{ if ne .name "GOMEMLIMIT" }}{{ $env = append $env . }}{{ end }}{{ end -}}
{{- $_ := set $manager "env" $env -}}
{{- $_ := set $manager "resources" $values.resources -}}
{{- end -}}
{{- $_ := set $manager "env" (concat $manager.env $values.env) -}}
{{- if $values.aws -}}
{{- $_ := set $template.metadata.annotations "checksum/aws" (toJson $values.aws | sha256sum) -}}
{{- end -}}
{{- range $name, $value := $values.podAnnotations }}{{ $_ := set $template.metadata.annotations $name $value }}{{ end -}}
{{- range $name, $value := $values.podLabels }}{{ $_ := set $template.metadata.labels $name $value }}{{ end -}}
{{- range $field := list "imagePullSecrets" "priorityClassName" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" -}}
{{- with index $values $field }}{{ $_ := set $pod $field . }}{{ end -}}
{{- end -}}
{{- end -}}
