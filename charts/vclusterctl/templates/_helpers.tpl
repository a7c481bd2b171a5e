{{- define "vclusterctl.selector" -}}
app.kubernetes.io/name: vclusterctl
app.kubernetes.io/component: controller
{{- end }}

{{- define "vclusterctl.labels" -}}
{{ include "vclusterctl.selector" . }}
app.kubernetes.io/part-of: vclusterctl
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Values.managedBy | default .Release.Service }}
{{- end }}

{{- /*
The rules that the controller's markers ask for, as far as they fit the scope
given: "cluster" for what has no namespace, "namespace" for the rest.
*/ -}}
{{- define "vclusterctl.rules" -}}
{{- $unscoped := list "nodes" "namespaces" "persistentvolumes" "runtimeclasses" "storageclasses" "servicecidrs" "ipaddresses" "customresourcedefinitions" -}}
{{- $role := .root.Files.Get "files/role.yaml" | fromYaml -}}
{{- range $rule := $role.rules }}
{{- $fitting := list }}
{{- range $resource := $rule.resources }}
{{- if eq (has $resource $unscoped) (eq $.scope "cluster") }}
{{- $fitting = append $fitting $resource }}
{{- end }}
{{- end }}
{{- if $fitting }}
- apiGroups: {{ toJson $rule.apiGroups }}
  resources: {{ toJson $fitting }}
  {{- with $rule.resourceNames }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: {{ toJson $rule.verbs }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
Whether runtimes are proven on the nodes. One controller of a host does that, and
it needs rights that are not for one namespace.
*/ -}}
{{- define "vclusterctl.probing" -}}
{{- if and .Values.probes.enabled (not .Values.namespaced) }}true{{ end }}
{{- end }}

{{- define "vclusterctl.probeNamespace" -}}
{{ .Release.Namespace }}-probes
{{- end }}
