# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree of RFC 6962 and the geometry of its files, against values that we did not make."""

import base64
import hashlib
import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey
from torrazzo.ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import Tile, pack_entries, place_of, read_subtree, split_entries, split_tile, tile_width

VECTORS = Path(__file__).parents[2] / "vectors"
MERKLE: Any = json.loads((VECTORS / "ledger-merkle.json").read_text("utf-8"))
TESSERA: Any = json.loads((VECTORS / "ledger-tessera.json").read_text("utf-8"))
C2SP: Any = json.loads((VECTORS / "ledger-c2sp.json").read_text("utf-8"))
ROWS = [[bytes.fromhex(node) for node in row] for row in MERKLE["rows"]]
LOG = VerifierKey.parse(TESSERA["verifier"])
LEAVES = [leaf_hash(entry.encode()) for entry in TESSERA["entries"]]


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _hashes(case: dict[str, Any], *names: str) -> list[bytes]:
    return [base64.b64decode(case[name]) for name in names]


def _path(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(value) for value in case["path"]]


def _subtree(level: int, index: int) -> bytes:
    return ROWS[level][index]


def test_all_of_them_are_here() -> None:
    """The files hold all 98 inclusion and 98 consistency cases, and all 16 checkpoints of the sample log."""
    inclusion, consistency = MERKLE["inclusion"], MERKLE["consistency"]
    assert (len(inclusion), sum(case["valid"] for case in inclusion)) == (98, 6)
    assert (len(consistency), sum(case["valid"] for case in consistency)) == (98, 5)
    assert [case["name"] for case in inclusion + consistency if "valid_there" in case] == [
        "additional/sizes-are-equal-one-and-proof-is-empty"
    ]
    assert (len(TESSERA["checkpoints"]), len(TESSERA["files"]), len(TESSERA["parsed"])) == (16, 30, 19)


def test_leaves_nodes_and_roots_are_those_of_the_vectors() -> None:
    """Eight entries give each subtree's hash, and the root at every size, from leaves and from subtrees alike."""
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in MERKLE["entries"]]
    assert leaves == ROWS[0]
    for below, row in itertools.pairwise(ROWS):
        assert [node_hash(*below[at : at + 2]) for at in range(0, len(below), 2)] == row
    for size, root in enumerate(MERKLE["roots"]):
        assert root_of(leaves[:size]).hex() == tree_root(size, _subtree).hex() == root


@_named(MERKLE["inclusion"])
def test_inclusion_proofs_hold_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A good proof is accepted, and one with a flaw refused."""
    leaf, root = _hashes(case, "leaf", "root")
    if case["valid"]:
        verify_inclusion(leaf, case["index"], case["size"], _path(case), root)
    else:
        with pytest.raises(Unproven):
            verify_inclusion(leaf, case["index"], case["size"], _path(case), root)


@_named(MERKLE["consistency"])
def test_consistency_proofs_hold_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A good proof is accepted, and one with a flaw refused."""
    old_root, new_root = _hashes(case, "old_root", "new_root")
    if case["valid"]:
        verify_consistency(case["old"], old_root, case["new"], new_root, _path(case))
    else:
        with pytest.raises(Unproven):
            verify_consistency(case["old"], old_root, case["new"], new_root, _path(case))


@_named([case for case in MERKLE["inclusion"] if case["name"].endswith("happy-path")])
def test_inclusion_proofs_are_made_as_the_vectors_say(case: dict[str, Any]) -> None:
    """From the same tree we make the same proof, hash by hash."""
    assert inclusion_proof(case["index"], case["size"], _subtree) == _path(case)


@_named([case for case in MERKLE["consistency"] if case["name"].endswith("happy-path")])
def test_consistency_proofs_are_made_as_the_vectors_say(case: dict[str, Any]) -> None:
    """From the same tree we make the same proof, hash by hash."""
    assert consistency_proof(case["old"], case["new"], _subtree) == _path(case)


@pytest.mark.parametrize("size", range(16))
def test_a_checkpoint_of_the_sample_log_is_that_of_its_entries_and_files(size: int) -> None:
    """Its signature is good, its root that of the entries, its files are ours; we sign it to the same bytes."""
    note = Note.parse(TESSERA["checkpoints"][size].encode())
    checkpoint = Checkpoint.parse(note.text)
    assert list(note.signed_by([LOG])) == [LOG]
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (LOG.name, size, root_of(LEAVES[:size]))
    tile, bundle = b"".join(LEAVES[:size]), pack_entries(entry.encode() for entry in TESSERA["entries"][:size])
    assert tree_root(size, partial(read_subtree, read_tile=lambda *_: tile)) == checkpoint.root
    digests = {file["path"]: file["sha256"] for file in TESSERA["files"]}
    for level, data in ((0, tile), (None, bundle)) if size else ():
        assert hashlib.sha256(data).hexdigest() == digests[str(Tile(level, 0, size))]
    key = SigningKey(LOG.name, Kind.ED25519, bytes.fromhex(TESSERA["seed"]))
    assert sign_checkpoint(checkpoint, key).pack().decode() == TESSERA["checkpoints"][size]


def test_the_sample_log_grows_from_any_size_to_any_other() -> None:
    """Between all pairs of its checkpoints a proof made from the tile holds, and for each entry under each of them."""
    tile = bytes.fromhex(TESSERA["tile"])
    subtree = partial(read_subtree, read_tile=lambda *_: tile)
    roots = [Checkpoint.parse(Note.parse(text.encode()).text).root for text in TESSERA["checkpoints"]]
    for new in range(1, 16):
        for old in range(1, new + 1):
            verify_consistency(old, roots[old], new, roots[new], consistency_proof(old, new, subtree))
            verify_inclusion(LEAVES[old - 1], old - 1, new, inclusion_proof(old - 1, new, subtree), roots[new])


def test_the_sample_logs_files_are_read() -> None:
    """The widest tile gives the leaves, the widest bundle the entries."""
    assert split_tile(bytes.fromhex(TESSERA["tile"]), 15) == LEAVES
    entries = split_entries(bytes.fromhex(TESSERA["bundle"]), 15)
    assert [entry.decode() for entry in entries] == TESSERA["entries"]


@_named(TESSERA["bundles"])
def test_bundles_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """Entries come out of a whole bundle and go into the same bytes; a cut one is damage."""
    data = bytes.fromhex(case["data"])
    if case["entries"] is None:
        with pytest.raises(Damaged):
            split_entries(data, case["width"])
    else:
        assert [entry.hex() for entry in split_entries(data, case["width"])] == case["entries"]
        assert pack_entries(map(bytes.fromhex, case["entries"])) == data


@pytest.mark.parametrize("case", TESSERA["paths"], ids=lambda case: str(case["path"]))
def test_paths_of_tiles_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """Level, number and width give the path, and come back out of it."""
    tile = Tile(case["level"], case["number"], case["width"])
    assert str(tile) == case["path"]
    assert Tile.parse(case["path"]) == tile


@pytest.mark.parametrize("case", TESSERA["parsed"], ids=lambda case: str(case["path"]))
def test_paths_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A path in the one right form is read; every other one is refused."""
    if case["valid"]:
        assert Tile.parse(case["path"]) == Tile(case["level"], case["number"], case["width"])
    else:
        with pytest.raises(Invalid):
            Tile.parse(case["path"])


@pytest.mark.parametrize("case", TESSERA["bundle_of_entry"], ids=lambda case: str(case["path"]))
def test_the_bundle_of_an_entry_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """An entry's index and the tree's size give the bundle that holds it, as wide as it is then."""
    number = case["index"] // 256
    assert str(Tile(None, number, tile_width(0, number, case["size"]))) == case["path"]


@pytest.mark.parametrize("case", TESSERA["places"], ids=lambda case: f"{case['level']}-{case['index']}")
def test_places_in_tiles_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """A subtree's hashes begin in the tile and at the place that the vectors name."""
    place = place_of(case["level"], case["index"])
    assert (place.level, place.number) == (case["tile_level"], case["tile_number"])
    assert (place.first, place.length) == (case["node_index"] << case["node_level"], 1 << case["node_level"])


@pytest.mark.parametrize("tree", [C2SP["tree"], C2SP["tree_256"]], ids=lambda tree: str(tree["size"]))
def test_tiles_are_as_wide_as_the_specification_says(tree: dict[str, Any]) -> None:
    """The trees that tlog-tiles describes have these tiles and no more."""
    assert [[level, number, tile_width(level, number, tree["size"])] for level, number, _ in tree["tiles"]] == tree[
        "tiles"
    ]


def test_the_path_in_the_specification() -> None:
    """The number that tlog-tiles writes out is written so."""
    assert str(Tile(3, C2SP["path"]["number"])) == "tile/3/" + C2SP["path"]["path"]
