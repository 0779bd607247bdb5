# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every text of the ledger has one spelling, and no byte of a proof can change unnoticed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger import Policy, Proof
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey
from torrazzo.ledger.merkle import EMPTY_ROOT, inclusion_proof, leaf_hash, root_of, tree_root
from torrazzo.ledger.note import Note, Signature
from torrazzo.ledger.policy import Group, Log, Witness
from torrazzo.ledger.tiles import Tile, pack_entries, split_entries

ENTRIES = [b"entry %d" % number for number in range(11)]
LOG = SigningKey("town.example/rec", Kind.ED25519, bytes(32))
WITNESSES = [SigningKey(f"witness-{number}.example", Kind.COSIGNATURE, bytes([number]) * 32) for number in (1, 2)]
POLICY = Policy(
    (Log(LOG.verifier),),
    tuple(Witness(f"w{number}", key.verifier) for number, key in enumerate(WITNESSES)),
    (Group("both", 2, ("w0", "w1")),),
    "both",
)

NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1, max_size=12)
HASHES = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(0, 2**63 - 1)
KEYS = st.builds(VerifierKey, NAMES, st.sampled_from(Kind), HASHES)
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))))
SIGNATURES = st.builds(Signature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=100))
CHECKPOINTS = st.builds(Checkpoint, LINES.filter(lambda line: 0 < len(line.encode()) < 256), NUMBERS, HASHES)


def _subtree(level: int, index: int) -> bytes:
    return root_of(map(leaf_hash, ENTRIES[index << level : (index + 1) << level]))


def _proof(index: int) -> Proof:
    size = len(ENTRIES)
    note = sign_checkpoint(Checkpoint(LOG.verifier.name, size, tree_root(size, _subtree)), LOG)
    lines = tuple(cosign(note, witness, 1_795_000_000) for witness in WITNESSES)
    return Proof(
        index, tuple(inclusion_proof(index, size, _subtree)), note._replace(signatures=note.signatures + lines)
    )


PROOF = _proof(9).pack()


def _holds(data: bytes) -> bool:
    try:
        Proof.parse(data).accept(ENTRIES[9], POLICY)
    except Invalid:
        return False
    return True


def test_no_byte_of_a_proof_can_change() -> None:
    """Each byte with one bit flipped, and each one left out or doubled, makes the proof fail; as it is, it holds."""
    assert _holds(PROOF)
    for at, byte in enumerate(PROOF):
        for instead in (bytes([byte ^ 1 << at % 8]), bytes([byte ^ 32]), b"", bytes([byte]) * 2):
            assert not _holds(PROOF[:at] + instead + PROOF[at + 1 :]), (at, instead)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_stretch_of_a_proof_can_change(data: st.DataObject) -> None:
    """Whatever is cut out, put in, moved or taken from another proof of the same tree, the proof fails."""
    start, end = sorted((data.draw(st.integers(0, len(PROOF))), data.draw(st.integers(0, len(PROOF)))))
    other = _proof(data.draw(st.integers(0, 10))).pack()
    instead = data.draw(st.one_of(st.binary(max_size=60), st.just(other[start:end]), st.just(PROOF[end : end + 45])))
    changed = PROOF[:start] + instead + PROOF[end:]
    assert _holds(changed) == (changed == PROOF)


@settings(max_examples=200, deadline=None)
@given(LINES.map("{}\n".format), st.lists(SIGNATURES, min_size=1, max_size=5).map(tuple))
def test_a_note_is_read_as_it_was_written(text: str, signatures: tuple[Signature, ...]) -> None:
    """Any text and any signatures come back out of the bytes of a note, an empty line in the text included."""
    for note in (Note(text, signatures), Note(text + "\n" + text, signatures)):
        assert Note.parse(note.pack()) == note


@settings(max_examples=200, deadline=None)
@given(CHECKPOINTS, KEYS, st.lists(HASHES, max_size=63), st.binary(max_size=40), st.lists(SIGNATURES, min_size=1))
def test_a_proof_is_read_as_it_was_written(
    checkpoint: Checkpoint, key: VerifierKey, path: list[bytes], extra: bytes, signatures: list[Signature]
) -> None:
    """Any checkpoint, key and proof come back out of their texts."""
    assert Checkpoint.parse(str(checkpoint)) == checkpoint
    assert VerifierKey.parse(str(key)) == key
    proof = Proof(checkpoint.size, tuple(path), Note(str(checkpoint), tuple(signatures)), extra)
    assert Proof.parse(proof.pack()) == proof


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy: members are used once, and only after they are defined."""
    names = draw(st.lists(NAMES.filter(lambda name: name != "none"), unique=True, max_size=9))
    split = draw(st.integers(0, len(names)))
    urls = st.none() | NAMES.map("https://{}".format)
    keys = st.builds(VerifierKey, NAMES, st.just(Kind.COSIGNATURE), HASHES)
    witnesses = tuple(Witness(name, draw(keys), draw(urls)) for name in names[:split])
    free, groups = names[:split], []
    for name in names[split:]:
        if free:
            members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
            free = [*(member for member in free if member not in members), name]
            groups.append(Group(name, draw(st.integers(1, len(members))), tuple(members)))
    logs = draw(st.lists(st.builds(Log, KEYS.map(lambda key: key._replace(kind=Kind.ED25519)), urls), max_size=3))
    quorum = draw(st.sampled_from(["none", *free]))
    return Policy(tuple(logs), witnesses, tuple(groups), quorum)


@settings(max_examples=200, deadline=None)
@given(policies())
def test_a_policy_is_read_as_it_was_written(policy: Policy) -> None:
    """Any policy comes back out of its text, unless two logs or two witnesses have one key."""
    keys = [log.key.public for log in policy.logs], [witness.key.public for witness in policy.witnesses]
    if any(len(set(some)) < len(some) for some in keys):
        with pytest.raises(Invalid, match="already"):
            Policy.parse(policy.pack())
    else:
        assert Policy.parse(policy.pack()) == policy


@settings(max_examples=100, deadline=None)
@given(policies(), st.data())
def test_one_more_cosignature_never_hurts(policy: Policy, data: st.DataObject) -> None:
    """What fulfils a quorum fulfils it with any further witness, and all of them fulfil every one."""
    names = [witness.name for witness in policy.witnesses]
    keys = {
        name: SigningKey(f"k{number}", Kind.COSIGNATURE, bytes([number + 5]) * 32) for number, name in enumerate(names)
    }
    ours = policy._replace(
        logs=(Log(LOG.verifier),), witnesses=tuple(Witness(name, keys[name].verifier) for name in names)
    )
    note = sign_checkpoint(Checkpoint(LOG.verifier.name, 0, EMPTY_ROOT), LOG)
    fulfilled = False
    for name in ["", *data.draw(st.permutations(names))]:
        if name:
            note = note._replace(signatures=(*note.signatures, cosign(note, keys[name], 1)))
        try:
            ours.accept(note)
        except Invalid:
            assert not fulfilled
        else:
            fulfilled = True
    assert fulfilled


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.none(), st.integers(0, 63)), NUMBERS, st.integers(1, 256))
def test_a_path_is_read_as_it_was_written(level: int | None, number: int, width: int) -> None:
    """Any tile comes back out of its path, which stays in its folder and can be a file beside all others."""
    tile = Tile(level, number, width)
    assert Tile.parse(str(tile)) == tile
    assert ".." not in Path(str(tile)).parts
    above = str(tile).removesuffix(f".p/{width}").rpartition("/")[0]
    assert not any(folder.isdigit() and len(folder) == 3 for folder in above.split("/"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.data())
def test_a_bundle_is_read_as_it_was_written_or_is_damage(entries: list[bytes], data: st.DataObject) -> None:
    """Entries come back out of a bundle of their number; cut anywhere, longer, or of another number it is damage."""
    bundle = pack_entries(entries)
    assert split_entries(bundle, len(entries)) == entries
    at = data.draw(st.integers(0, len(bundle) - 1))
    for broken, width in ((bundle[:at], len(entries)), (bundle + b"\0", len(entries)), (bundle, len(entries) + 1)):
        with pytest.raises(Damaged):
            split_entries(broken, width)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_anything_at_all_is_refused_in_order(found: bytes) -> None:
    """Bytes that nobody wrote as such are refused with an error of ours, whichever parser they are given."""
    for parse in (Proof.parse, Note.parse, Policy.parse):
        with pytest.raises(Invalid):
            parse(found)
    text = found.decode("utf-8", "surrogateescape")
    for read in (VerifierKey.parse, Tile.parse, Checkpoint.parse, Signature.parse):
        with pytest.raises(Invalid):
            read(text)
