{{- define "midwatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "midwatch.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "midwatch.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when none is created" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "midwatch.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "midwatch.labels" -}}
{{ include "midwatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Wrong combinations are told here rather than found out later. */}}
{{- define "midwatch.check" -}}
{{- if not .Values.redis.enabled -}}
{{- if ne (len .Values.components) 1 -}}
{{- fail "several components need redis.enabled: the embedded store belongs to one process" -}}
{{- end -}}
{{- range .Values.components -}}
{{- if or (ne (int .replicas) 1) .autoscaling.enabled (ne (len .roles) 3) -}}
{{- fail "without redis.enabled there is one replica with all roles and no autoscaling: the embedded store belongs to one process" -}}
{{- end -}}
{{- end -}}
{{- else if not .Values.secret.auditKey -}}
{{- fail "with redis.enabled the Secret needs audit-key, the same for every process: set secret.auditKey" -}}
{{- end -}}
{{- range .Values.components -}}
{{- if and .autoscaling.enabled (not .autoscaling.targetUtilisation) (not .autoscaling.targetCpu) -}}
{{- fail (printf "component %s: autoscaling needs targetUtilisation or targetCpu" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the chart decides of the configuration; what is set in .Values.config goes before it. */}}
{{- define "midwatch.config" -}}
{{- $secrets := "/etc/midwatch/secrets" -}}
{{- $keys := list (dict "name" "operator" "key_file" (printf "%s/api-key" $secrets)) -}}
{{- $server := dict "listen" "0.0.0.0:8080" "api_keys" $keys "webhook_token_file" (printf "%s/webhook-token" $secrets) -}}
{{- $own := dict "server" $server -}}
{{- if .Values.secret.auditKey -}}
{{- $_ := set $own "audit" (dict "key_file" (printf "%s/audit-key" $secrets)) -}}
{{- end -}}
{{- if and .Values.redis.enabled .Values.redis.passwordKey -}}
{{- $_ := set $own "store" (dict "password_file" (printf "/etc/midwatch/redis/%s" .Values.redis.passwordKey)) -}}
{{- end -}}
{{- mergeOverwrite $own (deepCopy .Values.config) | toYaml -}}
{{- end -}}
