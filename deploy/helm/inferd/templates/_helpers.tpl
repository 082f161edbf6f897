{{/*
SPDX-FileCopyrightText: 2026 The inferd authors
SPDX-License-Identifier: Apache-2.0
*/}}
{{- define "inferd.selector" -}}
app.kubernetes.io/name: inferd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "inferd.labels" -}}
{{ include "inferd.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The release's name, with inferd in it once. */}}
{{- define "inferd.name" -}}
{{- if contains "inferd" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-inferd" (.Release.Name | trunc 43 | trimSuffix "-") }}{{ end }}
{{- end }}

{{/* The kubelet's gRPC prober speaks no TLS: with TLS probes ask over HTTPS. */}}
{{- define "inferd.probe" -}}
{{- if .root.Values.tls.secretName -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: HTTPS
{{- else -}}
grpc:
  port: 8500
  {{- with .service }}
  service: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "inferd.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}
