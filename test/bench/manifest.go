package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// controllerArgs are the arguments with which a Deployment among manifests runs
// the controller, as its kubelet would pass them on. What is measured is to be
// what is installed, so they are read and not repeated here.
func controllerArgs(manifests []byte) ([]string, error) {
	deployment, err := onlyDeployment(manifests)
	if err != nil {
		return nil, err
	}
	containers := deployment.Spec.Template.Spec.Containers
	if len(containers) != 1 || len(containers[0].Command) != 0 || len(containers[0].Args) == 0 {
		return nil, fmt.Errorf("deployment %q: want one container that has arguments and no command", deployment.Name)
	}
	env, err := environment(deployment, containers[0].Env)
	if err != nil {
		return nil, err
	}
	var args []string
	for _, arg := range containers[0].Args {
		for name, value := range env {
			arg = strings.ReplaceAll(arg, "$("+name+")", value)
		}
		if strings.Contains(arg, "$(") {
			return nil, fmt.Errorf("deployment %q: argument %q has a variable that its container does not set", deployment.Name, arg)
		}
		args = append(args, arg)
	}
	return args, nil
}

// environment is what a container is told of its pod.
func environment(d *appsv1.Deployment, env []corev1.EnvVar) (map[string]string, error) {
	out := map[string]string{}
	for _, e := range env {
		switch {
		case e.ValueFrom == nil:
			out[e.Name] = e.Value
		case e.ValueFrom.FieldRef != nil && e.ValueFrom.FieldRef.FieldPath == "metadata.namespace":
			out[e.Name] = d.Namespace
		default:
			return nil, fmt.Errorf("deployment %q: nothing here knows what variable %q is", d.Name, e.Name)
		}
	}
	return out, nil
}

func onlyDeployment(manifests []byte) (*appsv1.Deployment, error) {
	var found *appsv1.Deployment
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the manifests: %w", err)
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return nil, fmt.Errorf("read the manifests: %w", err)
		}
		if kind.Kind != "Deployment" {
			continue
		}
		if found != nil {
			return nil, errors.New("the manifests hold several Deployments")
		}
		found = &appsv1.Deployment{}
		if err := yaml.Unmarshal(document, found); err != nil {
			return nil, fmt.Errorf("read the manifests: %w", err)
		}
	}
	if found == nil {
		return nil, errors.New("the manifests hold no Deployment")
	}
	return found, nil
}
