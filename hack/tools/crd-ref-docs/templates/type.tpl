{{- define "type" -}}
{{- $type := . -}}
{{- if markdownShouldRenderType $type -}}
### {{ $type.Name }}

{{ $type.Doc }}
{{ if $type.IsAlias }}
It is a {{ markdownRenderTypeLink $type.UnderlyingType }}.
{{ end -}}
{{ if $type.Validation }}
Validation:
{{ range $type.Validation }}
- `{{ . }}`
{{- end }}
{{ end -}}
{{ if $type.References }}
Part of {{ range $i, $ref := $type.SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $ref }}{{ end }}.
{{ end -}}
{{ if $type.Members }}
| field | type | description | default | validation |
|---|---|---|---|---|
{{ if $type.GVK -}}
| `apiVersion` | string | `{{ $type.GVK.Group }}/{{ $type.GVK.Version }}` | | |
| `kind` | string | `{{ $type.GVK.Kind }}` | | |
{{ end -}}
{{ range $type.Members -}}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ template "type_members" . }} | {{ with .Default }}`{{ . }}`{{ end }} | {{ template "type_validation" . }} |
{{ end -}}
{{ end -}}
{{ if $type.EnumValues }}
| value | description |
|---|---|
{{ range $type.EnumValues -}}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc | replace "<br />" " " | trim }} |
{{ end -}}
{{ end -}}
{{- end -}}
{{- end -}}

{{- define "type_validation" -}}
{{- $rules := list -}}
{{- range .Validation -}}
{{- if eq . "Required: {}" -}}
{{- $rules = prepend $rules "required" -}}
{{- else if ne . "Optional: {}" -}}
{{- $rules = append $rules (markdownRenderFieldDoc . | replace "<br />" " ") -}}
{{- end -}}
{{- end -}}
{{- join ", " $rules -}}
{{- end -}}
