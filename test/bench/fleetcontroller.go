package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/vclusterctl/vclusterctl/charts"
)

// control starts the controller with the arguments that "install" has it run
// with. Only its addresses are others, which are the machine's here.
func (f *fleet) control(ctx context.Context, cli, dir, url string) error {
	access := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: fleet
clusters: [{name: fleet, cluster: {server: %q}}]
contexts: [{name: fleet, context: {cluster: fleet, user: fleet}}]
users: [{name: fleet, user: {}}]
`, url)
	path := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(path, []byte(access), 0o600); err != nil {
		return err
	}
	args, err := controllerArgs(charts.Cluster)
	if err != nil {
		return fmt.Errorf("find out how the controller is run: %w", err)
	}
	log, err := os.Create(f.log)
	if err != nil {
		return err
	}
	defer log.Close()
	args = append(args, "--kubeconfig="+path, "--metrics-bind-address=127.0.0.1:0", "--health-probe-bind-address=127.0.0.1:0")
	f.cmd = exec.CommandContext(ctx, cli, args...)
	f.cmd.Stdout, f.cmd.Stderr = log, log
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return f.cmd.Start()
}

func (f *fleet) stop() error {
	var errs []error
	if f.cmd != nil && f.cmd.Process != nil {
		errs = append(errs, f.cmd.Process.Kill())
		_ = f.cmd.Wait() // it was killed
	}
	for _, g := range f.guests {
		errs = append(errs, g.server.Close())
	}
	if f.server != nil {
		errs = append(errs, f.server.Close())
	}
	if f.env != nil {
		errs = append(errs, f.env.Stop())
	}
	return errors.Join(errs...)
}

// process is what the controller uses.
type process struct{ cpu, resident, peak float64 }

func (f *fleet) use() process {
	pid := f.cmd.Process.Pid
	var p process
	if stat, err := readStat(pid); err == nil {
		p.cpu = stat.self
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return p
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64) // other lines hold no number
		switch fields[0] {
		case "VmRSS:":
			p.resident = kib * 1024
		case "VmHWM:":
			p.peak = kib * 1024
		}
	}
	return p
}

// tailOf is the end of a file, for an error message.
func tailOf(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}
