package statedisk

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Where signatures are: most at the start, and some, as those of a RAID and of a
// GPT's copy, at the end.
const (
	headBytes = 1 << 20
	tailBytes = 64 << 10
)

// empty fails unless both ends of the device can be read and are all zeros.
// blkid says the same of a device that it can't read as of an empty one, and
// knows a damaged superblock no more than no superblock.
func (d Disk) empty() (err error) {
	f, err := os.Open(d.Device)
	if err != nil {
		return fmt.Errorf("look whether the state volume is empty: %w; nothing was written to it", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("look how large the state volume %s is: %w; nothing was written to it", d.Device, err)
	}
	if err := d.zeros(f, 0, min(headBytes, size)); err != nil {
		return err
	}
	tail := min(tailBytes, size)
	return d.zeros(f, size-tail, tail)
}

// zeros fails unless these bytes of the device are zeros.
func (d Disk) zeros(f io.ReaderAt, at, length int64) error {
	data := make([]byte, length)
	if n, err := f.ReadAt(data, at); int64(n) < length {
		return fmt.Errorf("read the state volume %s at byte %d, to see whether it is empty: %w; nothing was written to it: check the host's volume, then delete this pod", d.Device, at+int64(n), err)
	}
	for i, b := range data {
		if b != 0 {
			return fmt.Errorf("the state volume %s has data at byte %d and no file system that is known: it is left alone; if it held a node's state, mend it with e2fsck -b or restore it from a backup, else give the cluster a volume that is all zeros (blkdiscard --zeroout makes it so)", d.Device, at+int64(i))
		}
	}
	return nil
}
