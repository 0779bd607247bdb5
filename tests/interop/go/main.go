// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What Go's own libraries and tessera say of our ledger's files and of our sealed keys. Driven by test_interop_go.py.
//
//	crosscheck fsck FOLDER KEY           tessera's fsck of a log's folder
//	crosscheck tlog FOLDER KEY PROOFS    x/mod/sumdb: head, tiles, entries, and our proofs (JSON)
//	crosscheck note FILE KEY WITNESS     a head with a witness's cosignature; prints the witness's time
//	crosscheck proof FILE ENTRY KEY      a tlog-proof of the entry in a file
//	crosscheck hpke                      crypto/hpke: opens ours and seals for us, JSON in and out
package main

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/mlkem"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	cosignature "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang\x2eorg/x/mod/sumdb/note"
	"golang\x2eorg/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(words []string) error {
	commands := map[string]struct {
		count int
		do    func([]string) error
	}{"fsck": {2, checkFolder}, "tlog": {3, checkLog}, "note": {3, checkNote}, "proof": {3, checkProof}, "hpke": {0, keys}}
	if len(words) == 0 || commands[words[0]].count != len(words)-1 {
		return errors.New("usage: see main.go")
	}
	return commands[words[0]].do(words[1:])
}

// open reads a signed head: which log, how many entries, the root.
func open(data []byte, verifiers ...note.Verifier) (string, tlog.Tree, *note.Note, error) {
	found, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return "", tlog.Tree{}, nil, err
	}
	lines := strings.Split(found.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != found.Sigs[0].Name {
		return "", tlog.Tree{}, nil, fmt.Errorf("not a checkpoint: %q", found.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", tlog.Tree{}, nil, err
	}
	root, err := tlog.ParseHash(lines[2])
	return lines[0], tlog.Tree{N: size, Hash: root}, found, err
}

func checkFolder(words []string) error {
	verifier, err := note.NewVerifier(words[1])
	if err != nil {
		return err
	}
	hasher := func(data []byte) ([][]byte, error) {
		bundle := api.EntryBundle{}
		if err := bundle.UnmarshalText(data); err != nil {
			return nil, err
		}
		var leaves [][]byte
		for _, entry := range bundle.Entries {
			leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(entry))
		}
		return leaves, nil
	}
	from := client.FileFetcher{Root: words[0]}
	return fsck.New(verifier.Name(), verifier, from, hasher, fsck.Opts{N: 2}).Check(context.Background())
}

// tiles gives x/mod our files; it checks each of them against the root.
type tiles struct{ folder string }

func (tiles) Height() int                     { return layout.TileHeight }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		width := uint8(tile.W % layout.TileWidth)
		data, err := os.ReadFile(filepath.Join(t.folder, layout.TilePath(uint64(tile.L), uint64(tile.N), width)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

type proofs struct {
	Inclusion   map[int64][]tlog.Hash `json:"inclusion"` // index -> path
	Consistency map[int64]struct {    // older size
		Root tlog.Hash   `json:"root"`
		Path []tlog.Hash `json:"path"`
	} `json:"consistency"`
}

func checkLog(words []string) error {
	verifier, err := note.NewVerifier(words[1])
	if err != nil {
		return err
	}
	head, err := os.ReadFile(filepath.Join(words[0], layout.CheckpointPath))
	if err != nil {
		return err
	}
	_, tree, _, err := open(head, verifier)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(words[2])
	if err != nil {
		return err
	}
	var ours proofs
	if err := json.Unmarshal(data, &ours); err != nil {
		return err
	}
	return checkTree(words[0], tree, ours)
}

func checkTree(folder string, tree tlog.Tree, ours proofs) error {
	reader := tlog.TileHashReader(tree, tiles{folder})
	counts := map[string]int{}
	for index := int64(0); index < tree.N; {
		width := min(tree.N-index, layout.EntryBundleWidth)
		path := layout.EntriesPath(uint64(index/layout.EntryBundleWidth), uint8(width%layout.EntryBundleWidth))
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		bundle := api.EntryBundle{}
		if err := bundle.UnmarshalText(data); err != nil {
			return err
		}
		for _, entry := range bundle.Entries {
			leaf := tlog.RecordHash(entry)
			theirs, err := tlog.ProveRecord(tree.N, index, reader)
			if err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
			if err := tlog.CheckRecord(theirs, tree.N, tree.Hash, index, leaf); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
			if own, has := ours.Inclusion[index]; has {
				if err := tlog.CheckRecord(own, tree.N, tree.Hash, index, leaf); err != nil {
					return fmt.Errorf("our proof of entry %d: %w", index, err)
				}
				counts["inclusion"]++
			}
			counts["entries"]++
			index++
		}
	}
	for size, own := range ours.Consistency {
		if err := tlog.CheckTree(own.Path, tree.N, tree.Hash, size, own.Root); err != nil {
			return fmt.Errorf("our proof from size %d: %w", size, err)
		}
		counts["consistency"]++
	}
	return json.NewEncoder(os.Stdout).Encode(counts)
}

func checkNote(words []string) error {
	data, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	log, err := note.NewVerifier(words[1])
	if err != nil {
		return err
	}
	witness, err := cosignature.NewVerifierForCosignatureV1(words[2])
	if err != nil {
		return err
	}
	_, _, found, err := open(data, log, witness)
	if err != nil {
		return err
	}
	if len(found.Sigs) != 2 || len(found.UnverifiedSigs) != 0 {
		return fmt.Errorf("%d good signatures, %d others", len(found.Sigs), len(found.UnverifiedSigs))
	}
	at, err := cosignature.CoSigV1Timestamp(found.Sigs[1])
	if err != nil {
		return err
	}
	fmt.Println(at.Unix())
	return nil
}

func checkProof(words []string) error {
	data, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(words[1])
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(words[2])
	if err != nil {
		return err
	}
	top, head, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(top, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	_, tree, _, err := open([]byte(head), verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

// sealed is a K of ours, or one to be sealed: all in base64.
type sealed struct {
	Seed   []byte `json:"seed"`   // of ML-KEM-768, 64 bytes
	X25519 []byte `json:"x25519"` // scalar
	Public []byte `json:"public"` // ML-KEM-768 || X25519
	Info   []byte `json:"info"`
	K      []byte `json:"k"`
	Sealed []byte `json:"sealed"` // encapsulated key || ciphertext
}

func keys([]string) error {
	var cases []sealed
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		return err
	}
	for number := range cases {
		if err := openAndSeal(&cases[number]); err != nil {
			return fmt.Errorf("case %d: %w", number, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(cases)
}

// openAndSeal replaces K by what opens out of Sealed, and Sealed by K sealed anew.
func openAndSeal(each *sealed) error {
	lattice, err := mlkem.NewDecapsulationKey768(each.Seed)
	if err != nil {
		return err
	}
	curve, err := ecdh.X25519().NewPrivateKey(each.X25519)
	if err != nil {
		return err
	}
	private, err := hpke.NewHybridPrivateKey(lattice, curve)
	if err != nil {
		return err
	}
	if own := base64.StdEncoding.EncodeToString(private.PublicKey().Bytes()); own != base64.StdEncoding.EncodeToString(each.Public) {
		return errors.New("another public key")
	}
	if each.K, err = hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), each.Info, each.Sealed); err != nil {
		return err
	}
	public, err := hpke.MLKEM768X25519().NewPublicKey(each.Public)
	if err != nil {
		return err
	}
	each.Sealed, err = hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), each.Info, each.K)
	return err
}
