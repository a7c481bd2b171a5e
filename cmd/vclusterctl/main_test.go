package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vclusterctl":         run,
		"kubectl-vclusterctl": run,
	})
}

func run() { os.Exit(verbs.Main(context.Background(), os.Args)) }

// TestScripts runs what can be said of the program without a cluster.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode}, Setup: func(e *testscript.Env) error {
		e.Setenv("KUBECONFIG", e.WorkDir+"/kubeconfig")
		return nil
	}})
}

// exitCode runs a program and wants it to end with a code: exitcode N PROGRAM ARG...
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	var exit *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	if want := args[0]; !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != want {
		ts.Fatalf("%v: got %v, want exit code %s", args[1:], err, want)
	}
}
