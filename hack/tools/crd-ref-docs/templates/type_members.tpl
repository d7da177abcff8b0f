{{- define "type_members" -}}
{{- if eq .Name "metadata" -}}
Kubernetes' own: names, labels, annotations.
{{- else -}}
{{ markdownRenderFieldDoc .Doc | replace "<br />" " " | trim }}
{{- end -}}
{{- end -}}
