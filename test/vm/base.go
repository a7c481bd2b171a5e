package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vclusterctl/vclusterctl/images"
)

// files are laid over the machine's root file system.
//
//go:embed all:files
var files embed.FS

// packages of the machine beside the minimal ones, each with what needs it.
var packages = []string{
	"apparmor",                // as on any Debian
	"dbus",                    // runc's systemd cgroup driver, on the machine itself
	"initramfs-tools",         // the kernel's modules for its disk
	"kmod",                    // modprobe
	"linux-image-cloud-amd64", // the kernel
	"nftables",                // people
	"iproute2",                // people
	"procps",                  // people
	"systemd",                 // PID 1
	"systemd-sysv",            // /sbin/init
	"udev",                    // names of devices
}

// masked are units that take long where the processor is emulated and that
// nothing here needs.
var masked = []string{
	"apparmor.service", // the distribution's profiles; the kernel's part stays on
	"apt-daily-upgrade.timer", "apt-daily.timer", "dpkg-db-backup.timer",
	"e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
	"getty@tty1.service", "serial-getty@ttyS0.service", "systemd-logind.service",
	"systemd-networkd-wait-online.service", "systemd-pstore.service",
}

// diskSize bounds what the tests can write. The file has holes.
const diskSize = "24G"

// base is what a machine boots from.
type base struct{ kernel, initrd, disk string }

// ensureBase has mmdebstrap install the machine unless the cache has it.
func ensureBase(ctx context.Context, o options, say func(string, ...any)) (base, error) {
	s, err := installScript(o)
	if err != nil {
		return base{}, err
	}
	dir := filepath.Join(o.cache, "vm", s.key())
	b := base{kernel: filepath.Join(dir, "vmlinuz"), initrd: filepath.Join(dir, "initrd"), disk: filepath.Join(dir, "disk")}
	if _, err := os.Stat(dir); err == nil {
		return b, nil
	}
	if os.Geteuid() != 0 {
		return base{}, errors.New("it needs root, once: mmdebstrap sets up Debian for it")
	}
	say("installing Debian %s with its kernel", images.DebianCodename)
	return b, install(ctx, dir, s)
}

// command is a command line with {DIR} where the result is to be.
type command []string

// script is run command by command.
type script []command

func (s script) key() string {
	sum := sha256.New()
	for _, c := range s {
		fmt.Fprintf(sum, "%q\n", c)
	}
	return hex.EncodeToString(sum.Sum(nil))[:24]
}

// in fills the place of the result in.
func (c command) in(dir string) []string {
	var args []string
	for _, a := range c {
		args = append(args, strings.ReplaceAll(a, placeholder, dir))
	}
	return args
}

const placeholder = "{DIR}"

// installScript is mmdebstrap's command line, and what comes after. The kernel's initial disk gets
// what finds the root disk and nothing else: unpacking it is slow where the
// processor is emulated.
func installScript(o options) (script, error) {
	args := command{
		"mmdebstrap", "--variant=minbase", "--format=directory",
		"--include=" + strings.Join(packages, ","),
		`--aptopt=APT::Install-Recommends "false"`,
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		`--essential-hook=mkdir -p "$1"/etc/initramfs-tools/conf.d`,
		`--essential-hook=echo MODULES=list >"$1"/etc/initramfs-tools/conf.d/vm`,
		`--essential-hook=printf '%s\n' virtio_pci virtio_blk ext4 >"$1"/etc/initramfs-tools/modules`,
	}
	overlay, err := overlayHooks()
	if err != nil {
		return nil, err
	}
	args = append(args, overlay...)
	args = append(args,
		`--customize-hook=chroot "$1" systemctl --quiet enable vm-test.service systemd-networkd.service`,
		`--customize-hook=chroot "$1" systemctl --quiet mask `+strings.Join(masked, " "),
		// What has to be done after packages have changed was done.
		`--customize-hook=touch "$1"/etc/.updated "$1"/var/.updated; mkdir -p "$1"/payload`,
		images.DebianCodename, placeholder+"/root",
	)
	if o.mirror != "" {
		args = append(args, o.mirror)
	}
	return script{args, command{"sh", "-ec", finish, "sh", placeholder, diskSize}}, nil
}

// finish makes a disk of the root file system, once mmdebstrap has unmounted
// everything in there.
const finish = `
cd "$1"
cp root/boot/vmlinuz-* vmlinuz
cp root/boot/initrd.img-* initrd
truncate -s "$2" disk
mke2fs -q -t ext4 -F -E lazy_itable_init=1,lazy_journal_init=1 -d root disk
rm -rf root`

// overlayHooks write our files into the root file system. Their content is part
// of the command line, and so of the key.
func overlayHooks() (command, error) {
	var hooks command
	err := fs.WalkDir(files, "files", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		target := strings.TrimPrefix(path, "files/")
		hooks = append(hooks, fmt.Sprintf(`--customize-hook=mkdir -p "$1"/%s; echo %s | base64 -d >"$1"/%s`,
			filepath.Dir(target), base64.StdEncoding.EncodeToString(content), target))
		return nil
	})
	return hooks, err
}

// install runs the commands into a directory that gets its name when it is
// complete.
func install(ctx context.Context, dir string, s script) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	for _, c := range s {
		if err := quiet(ctx, c.in(temporary)...); err != nil {
			return err
		}
	}
	return os.Rename(temporary, dir)
}
