package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vclusterctl/vclusterctl/test/vm/inside/payload"
)

// testPackage is what runs in the machine.
const testPackage = "./test/vm/inside"

// makePayload makes a disk with the tests and what they test.
func makePayload(ctx context.Context, o options, dir string) (string, error) {
	tree := filepath.Join(dir, "payload")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return "", err
	}
	for name, source := range map[string]string{
		payload.CLI:             o.cli,
		payload.NodeImage:       filepath.Join(o.dist, "node.tar"),
		payload.ControllerImage: filepath.Join(o.dist, "controller.tar"),
	} {
		if err := quiet(ctx, "cp", "--reflink=auto", source, filepath.Join(tree, name)); err != nil {
			return "", fmt.Errorf("%w: run \"make build image\"", err)
		}
	}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(tree, payload.Tests), testPackage)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the tests: %w\n%s", err, out)
	}
	arguments := "ARGUMENTS=-test.run=" + o.run + "\n"
	if err := os.WriteFile(filepath.Join(tree, payload.Arguments), []byte(arguments), 0o644); err != nil {
		return "", err
	}
	disk := filepath.Join(dir, "payload.img")
	return disk, makeDisk(ctx, tree, disk)
}

// makeDisk makes a file system that holds a directory and little more.
func makeDisk(ctx context.Context, tree, disk string) error {
	size, err := sizeOf(tree)
	if err != nil {
		return err
	}
	const spare = 64 << 20
	if err := quiet(ctx, "truncate", "-s", strconv.FormatInt(size+size/10+spare, 10), disk); err != nil {
		return err
	}
	return quiet(ctx, "mke2fs", "-q", "-t", "ext4", "-F", "-d", tree, disk)
}

func sizeOf(tree string) (int64, error) {
	var size int64
	err := filepath.WalkDir(tree, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// quiet runs a program, and shows what it said where it fails.
func quiet(ctx context.Context, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	// What is interrupted cleans up after itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, strings.TrimSpace(out.String()))
	}
	return nil
}
