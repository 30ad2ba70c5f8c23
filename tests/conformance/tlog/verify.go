// Verifies a notice's log as it was fetched, by Go's own packages for transparency logs and nothing of this project.
//
//	verify VERIFIER-KEY FOLDER
//
// The folder holds what the addresses of the log answered, under their names: `checkpoint`, `tile/…`,
// `proof/{position}` and `consistency/{from}`. Prints what was verified; ends with status 1 and a sentence if
// anything does not hold.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var folder string

func main() {
	folder = os.Args[2]
	size, root := checkpoint(read("checkpoint"), os.Args[1])
	entries := tiles(size, root)
	proofs := names("proof")
	for _, name := range proofs {
		proof(name, os.Args[1], entries)
	}
	consistencies := names("consistency")
	for _, name := range consistencies {
		consistency(name, size, root)
	}
	fmt.Printf("%d entries, %d proofs, %d consistencies\n", size, len(proofs), len(consistencies))
}

// checkpoint opens a signed note and reads the tree that it signs.
func checkpoint(text []byte, key string) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(key)
	check("the verifier key", err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	check("the checkpoint", err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check("the checkpoint's size", err)
	return size, hash(lines[2])
}

// tiles verifies every tile against the root, and every entry against its tile; returns the entries.
func tiles(size int64, root tlog.Hash) [][]byte {
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, files{})
	var entries [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: -1, N: n, W: 256}
		if (n+1)*256 > size {
			tile.W = int(size - n*256)
		}
		bundle := read(strings.Replace(tile.Path(), "tile/8/data", "tile/entries", 1))
		for len(bundle) > 0 {
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			bundle = bundle[end:]
		}
	}
	if int64(len(entries)) != size {
		fail("the bundles hold %d entries of %d", len(entries), size)
	}
	indexes := make([]int64, size)
	for n := range indexes {
		indexes[n] = tlog.StoredHashIndex(0, int64(n))
	}
	hashes, err := reader.ReadHashes(indexes)
	check("the tiles", err)
	for n, entry := range entries {
		if tlog.RecordHash(entry) != hashes[n] {
			fail("entry %d has not the hash of its tile", n+1)
		}
	}
	return entries
}

// proof verifies a tlog-proof of an entry.
func proof(name, key string, entries [][]byte) {
	head, signed, found := strings.Cut(string(read("proof/"+name)), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("proof %s is not a tlog-proof", name)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check("the index of proof "+name, err)
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		path = append(path, hash(line))
	}
	size, root := checkpoint([]byte(signed), key)
	check("proof "+name, tlog.CheckRecord(path, size, root, index, tlog.RecordHash(entries[index])))
}

// consistency verifies that an earlier tree is the beginning of the signed one.
func consistency(name string, size int64, root tlog.Hash) {
	var said struct {
		From, To         int64
		FromRoot, ToRoot string
		Consistency      []string
	}
	check("consistency "+name, json.Unmarshal(read("consistency/"+name), &said))
	var path tlog.TreeProof
	for _, line := range said.Consistency {
		path = append(path, hash(line))
	}
	if said.To != size || hash(said.ToRoot) != root {
		fail("consistency %s leads to another tree than the one signed", name)
	}
	check("consistency "+name, tlog.CheckTree(path, size, root, said.From, hash(said.FromRoot)))
}

// files reads tiles as they were fetched.
type files struct{}

func (files) Height() int { return 8 }

func (files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data[i] = read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
	}
	return data, nil
}

func (files) SaveTiles([]tlog.Tile, [][]byte) {}

func hash(text string) tlog.Hash {
	data, err := base64.StdEncoding.DecodeString(text)
	check("a hash", err)
	if len(data) != tlog.HashSize {
		fail("a hash has %d bytes", len(data))
	}
	var found tlog.Hash
	copy(found[:], data)
	return found
}

func names(kind string) []string {
	found, err := os.ReadDir(filepath.Join(folder, kind))
	check(kind, err)
	var names []string
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names
}

func read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	check(name, err)
	return data
}

func check(what string, err error) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
