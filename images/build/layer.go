package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// layer is one layer of an image, kept as a file.
type layer struct {
	name   string
	diffID v1.Hash
	digest v1.Hash
	size   int64 // of the blob
	plain  int64 // of the tar archive
	media  types.MediaType
	blob   content
}

var _ v1.Layer = (*layer)(nil)

// Digest implements v1.Layer.
func (l *layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID implements v1.Layer.
func (l *layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Compressed implements v1.Layer: the blob as it is, whatever its compression.
func (l *layer) Compressed() (io.ReadCloser, error) { return l.blob() }

// Uncompressed implements v1.Layer.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	blob, err := l.blob()
	if err != nil || l.media == types.OCIUncompressedLayer {
		return blob, err
	}
	decoder, err := zstd.NewReader(blob)
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

// Size implements v1.Layer.
func (l *layer) Size() (int64, error) { return l.size, nil }

// MediaType implements v1.Layer.
func (l *layer) MediaType() (types.MediaType, error) { return l.media, nil }

// writeTar writes a tree as a tar archive that depends on nothing but the
// tree: sorted, one date, no names of users.
func writeTar(w io.Writer, t *tree, date time.Time) error {
	archive := tar.NewWriter(w)
	for _, n := range t.sorted() {
		if err := writeNode(archive, n, date); err != nil {
			return fmt.Errorf("%q: %w", n.header.Name, err)
		}
	}
	return archive.Close()
}

func writeNode(archive *tar.Writer, n node, date time.Time) error {
	header := tar.Header{
		Typeflag: n.header.Typeflag, Name: n.header.Name, Linkname: n.header.Linkname,
		Mode: n.header.Mode & 0o7777, Uid: n.header.Uid, Gid: n.header.Gid, Size: n.header.Size,
		PAXRecords: attributes(n.header.PAXRecords), ModTime: date,
	}
	switch header.Typeflag {
	case tar.TypeDir:
		header.Name += "/"
	case tar.TypeLink:
		header.Linkname = clean(header.Linkname)
	}
	if err := archive.WriteHeader(&header); err != nil {
		return err
	}
	if header.Size == 0 || n.content == nil {
		return nil
	}
	from, err := n.content()
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(archive, from)
	return err
}

// attributes keeps the extended attributes (file capabilities) of what PAX
// records a header has: the rest are dates.
func attributes(records map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range records {
		if matched, _ := filepath.Match("SCHILY.xattr.*", name); matched {
			kept[name] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// digester hashes and counts what passes through.
type digester struct {
	to    io.Writer
	sum   interface{ Sum(b []byte) []byte }
	count int64
}

func newDigester(to io.Writer) *digester {
	sum := sha256.New()
	return &digester{to: io.MultiWriter(sum, to), sum: sum}
}

// Write implements io.Writer.
func (d *digester) Write(p []byte) (int, error) {
	n, err := d.to.Write(p)
	d.count += int64(n)
	return n, err
}

func (d *digester) hash() v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(d.sum.Sum(nil))}
}

// plainLayer makes an uncompressed layer in memory: for the small archives
// inside the node image, which are compressed together with the layer they are
// in.
func plainLayer(name string, t *tree, date time.Time) (*layer, error) {
	t.addParents(nil)
	digest := newDigester(io.Discard)
	if err := writeTar(digest, t, date); err != nil {
		return nil, fmt.Errorf("layer %q: %w", name, err)
	}
	return &layer{
		name: name, diffID: digest.hash(), digest: digest.hash(), size: digest.count, plain: digest.count,
		media: types.OCIUncompressedLayer,
		blob:  func() (io.ReadCloser, error) { return streamed(t, date), nil },
	}, nil
}

// streamed writes a tree's archive again for each reader.
func streamed(t *tree, date time.Time) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(writeTar(writer, t, date)) }()
	return reader
}

// compressionLevel of zstd, and part of the name under which a compressed layer
// is kept. Against gzip, zstd builds and imports in less than half the time; the
// next level takes three times as long for the last tenth of the size.
const compressionLevel = zstd.SpeedBetterCompression

// compressionThreads is fixed: the blob must not depend on the machine.
const compressionThreads = 2

// zstdLayer compresses a tree. The blob is kept under the hash of the archive,
// so an unchanged layer is hashed but not compressed again.
func zstdLayer(cache, name string, t *tree, date time.Time) (*layer, error) {
	archive := newDigester(io.Discard)
	if err := writeTar(archive, t, date); err != nil {
		return nil, fmt.Errorf("layer %q: %w", name, err)
	}
	key := archive.hash().Hex + "-zstd-" + compressionLevel.String()
	dir, err := cached(cache, "layers", key, func(dir string) error { return compress(dir, t, date) })
	if err != nil {
		return nil, fmt.Errorf("layer %q: %w", name, err)
	}
	made := &layer{
		name: name, diffID: archive.hash(), plain: archive.count,
		media: types.OCILayerZStd, blob: fileContent(filepath.Join(dir, blobFile)),
	}
	return made, made.measured(dir)
}

// What is kept of a compressed layer: the blob, and its digest beside it.
const (
	blobFile   = "blob"
	digestFile = "digest"
)

// compress writes a tree's blob and the blob's digest into a directory.
func compress(dir string, t *tree, date time.Time) error {
	file, err := os.Create(filepath.Join(dir, blobFile))
	if err != nil {
		return err
	}
	defer file.Close()
	digest := newDigester(file)
	encoder, err := zstd.NewWriter(digest,
		zstd.WithEncoderLevel(compressionLevel), zstd.WithEncoderConcurrency(compressionThreads))
	if err != nil {
		return err
	}
	if err := writeTar(encoder, t, date); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, digestFile), []byte(digest.hash().String()), 0o644); err != nil {
		return err
	}
	return file.Close()
}

// measured reads back what compress found out.
func (l *layer) measured(dir string) error {
	digest, err := os.ReadFile(filepath.Join(dir, digestFile))
	if err != nil {
		return err
	}
	if l.digest, err = v1.NewHash(string(digest)); err != nil {
		return fmt.Errorf("layer %q: %w", l.name, err)
	}
	info, err := os.Stat(filepath.Join(dir, blobFile))
	if err != nil {
		return err
	}
	l.size = info.Size()
	return nil
}
