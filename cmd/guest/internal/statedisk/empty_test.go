package statedisk

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unseen is a device on which blkid sees nothing, and which notes whether a file
// system was made.
func unseen(device string, made *bool) Disk {
	return Disk{Device: device, Run: func(ctx context.Context, name string, _ ...string) (string, error) {
		if name == "blkid" {
			return run(ctx, "sh", "-c", "exit 2")
		}
		*made = true
		return run(ctx, "true")
	}}
}

// TestPrepareOnlyZeros: that blkid sees nothing is no proof that nothing is there.
func TestPrepareOnlyZeros(t *testing.T) {
	const size = 4 << 20
	cases := map[string]struct {
		reason string
		size   int64
		at     int64 // where a byte is not zero; below zero for nowhere
		want   string
	}{
		"Zeros":      {reason: "It is new.", size: size, at: -1},
		"Small":      {reason: "Its ends overlap.", size: 4096, at: -1},
		"First":      {reason: "A boot sector of who knows what.", size: size, at: 0, want: "has data at byte 0 "},
		"Superblock": {reason: "A damaged one: its magic is gone.", size: size, at: 1024 + 4, want: "has data at byte 1028 "},
		"EndOfHead":  {reason: "All of the first MiB counts.", size: size, at: headBytes - 1, want: "has data at byte 1048575 "},
		"Tail":       {reason: "A RAID's metadata.", size: size, at: size - tailBytes, want: "has data at byte 4128768 "},
		"Last":       {reason: "The last byte counts.", size: size, at: size - 1, want: "has data at byte 4194303 "},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "disk")
			data := make([]byte, tc.size)
			if tc.at >= 0 {
				data[tc.at] = 1
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			made := false
			err := unseen(file, &made).Prepare(t.Context())
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s got %v, want %q", tc.reason, err, tc.want)
			}
			if made != (tc.want == "") {
				t.Errorf("%s a file system was made: %t", tc.reason, made)
			}
		})
	}
}

// TestPrepareUnreadable: blkid ends the same way where a device can't be read.
func TestPrepareUnreadable(t *testing.T) {
	cases := map[string]struct {
		reason string
		device string
		want   string
	}{
		"Open": {reason: "It is gone.", device: filepath.Join(t.TempDir(), "none"), want: "look whether the state volume is empty"},
		// A folder opens, and every read of it fails.
		"Read": {reason: "It has an I/O error.", device: t.TempDir(), want: "nothing was written to it"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			made := false
			err := unseen(tc.device, &made).Prepare(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s got %v, want %q", tc.reason, err, tc.want)
			}
			if made {
				t.Errorf("%s a file system was made", tc.reason)
			}
		})
	}
}

// short is a device that ends earlier than it says.
type short struct{ n int }

func (s short) ReadAt(p []byte, _ int64) (int, error) {
	return min(s.n, len(p)), os.ErrDeadlineExceeded
}

// TestZerosReadError: what could not be read whole is not all zeros.
func TestZerosReadError(t *testing.T) {
	err := Disk{Device: "disk"}.zeros(short{n: 512}, 4096, 8192)
	if err == nil || !strings.Contains(err.Error(), "at byte 4608") || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("a read that failed halfway: %v", err)
	}
}
