{{- define "gvList" -}}
# API reference

Every field of the two kinds, as `api/v1alpha1` and the CRDs have it. [auroracluster.md](auroracluster.md) and
[aurorabacktrack.md](aurorabacktrack.md) explain them with examples. `make manifests` generates this page.
{{ range . }}
{{ template "gvDetails" . }}
{{- end }}
{{- end -}}
