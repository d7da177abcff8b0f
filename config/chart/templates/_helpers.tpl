{{/*
The payload is generated from config/ into files/ (make manifests), so that a CRD, a policy or a right is written in one place.
These helpers put it into the release's namespace and under the service account's name.
*/}}

{{/* The operator as the API server knows it. */}}
{{- define "aurora-backtrack.operator" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ .Values.serviceAccount.name }}
{{- end -}}

{{- define "aurora-backtrack.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
All objects of a file, as an object with the list "items". To be read with fromYaml. The arguments: root, file, and
optionally namespace.
*/}}
{{- define "aurora-backtrack.objects" -}}
{{- $items := list -}}
{{- $text := .root.Files.Get .file | required (printf "the chart lacks %s" .file) -}}
{{- $text = $text | replace "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager" (include "aurora-backtrack.operator" .root) -}}
{{- range $document := regexSplit "(?m)^---$" $text -1 -}}
{{- if trim $document -}}
{{- $object := fromYaml $document -}}
{{- with $object.Error }}{{ fail . }}{{ end -}}
{{- if or $.namespace $object.metadata.namespace -}}
{{- $_ := set $object.metadata "namespace" ($.namespace | default $.root.Release.Namespace) -}}
{{- end -}}
{{- range $object.subjects -}}
{{- $_ := set . "namespace" $.root.Release.Namespace -}}
{{- $_ := set . "name" $.root.Values.serviceAccount.name -}}
{{- end -}}
{{- $items = append $items $object -}}
{{- end -}}
{{- end -}}
{{- dict "items" $items | toYaml -}}
{{- end -}}

{{/* All objects of a file as they are. */}}
{{- define "aurora-backtrack.render" -}}
{{- range (include "aurora-backtrack.objects" . | fromYaml).items }}
---
{{ toYaml . }}
{{- end }}
{{- end -}}
