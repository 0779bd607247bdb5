# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Evidence packages of real recordings, with a small log in memory; and what a forger does to them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.exported import export_mp4
from tests.tools.recording import Recording
from torrazzo.archive import VolumeReader
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.record import Kind as RecordKind
from torrazzo.base import Span, StreamId
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.evidence import Opening, PackageParts, PieceHash, Proven, clip_part, measure, write_package
from torrazzo.evidence.asic import asic_manifest, content_of, digest_list, write_zip
from torrazzo.evidence.clip import ClipPart
from torrazzo.ledger import Policy, Proof
from torrazzo.ledger.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from torrazzo.ledger.text import to_base64
from torrazzo.playback.clip import Clip
from torrazzo.seal import piece_salt
from torrazzo_verify.verify import MIMETYPE, Package

VERIFIER = Path(__file__).parents[2] / "src" / "torrazzo_verify"
TOWN = "torrazzo.example.it"


class Keys(NamedTuple):
    """Who signs."""

    rec: SigningKey
    act: SigningKey
    witness: SigningKey

    @classmethod
    def of(cls, seed: int) -> "Keys":
        """Others for another seed."""
        rec = SigningKey(origin_of(TOWN, "rec"), Kind.ED25519, bytes([seed, 0]) * 16)
        act = SigningKey(origin_of(TOWN, "act"), Kind.ED25519, bytes([seed, 1]) * 16)
        return cls(rec, act, SigningKey("witness.prefettura.example.it", Kind.COSIGNATURE, bytes([seed, 2]) * 16))

    @property
    def policy(self) -> Policy:
        """That believes them."""
        lines = [f"log {self.rec.verifier}", f"log {self.act.verifier}", f"witness prefettura {self.witness.verifier}"]
        return Policy.parse(("\n".join([*lines, "quorum prefettura"]) + "\n").encode())


class Log:
    """A log in memory, with what strangers wrote between our entries."""

    def __init__(self, name: str, signer: SigningKey, witness: SigningKey, entries: Sequence[bytes], at: int) -> None:
        self.entries = [b"before", *(line for pair in zip(entries, _others(entries), strict=True) for line in pair)]
        self.leaves = [leaf_hash(entry) for entry in self.entries]
        head = Checkpoint(origin_of(TOWN, name), len(self.leaves), root_of(self.leaves))  # type: ignore[arg-type]
        note = sign_checkpoint(head, signer)
        self.note = note._replace(signatures=(*note.signatures, cosign(note, witness, at // SECOND)))

    def subtree(self, level: int, index: int) -> bytes:
        """Of the tree."""
        return root_of(self.leaves[index << level : (index + 1) << level])

    def proven(self, entry: bytes) -> Proven:
        """The entry with its proof."""
        index = self.entries.index(entry)
        return Proven(entry, Proof(index, tuple(inclusion_proof(index, len(self.leaves), self.subtree)), self.note))

    def anchor(self, size: int) -> dict[str, bytes]:
        """An older head, as stamped, and how the newer one grew from it."""
        old = Checkpoint(Checkpoint.parse(self.note.text).origin, size, root_of(self.leaves[:size]))
        path = consistency_proof(size, len(self.leaves), self.subtree)
        name = f"{old.origin.rpartition('/')[2]}-{size}"
        return {
            f"{name}.txt": str(old).encode(),
            f"{name}.consistency": "".join(f"{to_base64(value)}\n" for value in path).encode(),
            f"{name}.aruba.tst": b"a token",
        }


def _others(entries: Sequence[bytes]) -> list[bytes]:
    return [b"another camera's %d" % at for at in range(len(entries))]


def record(folder: Path, camera: str, made: Callable[[Recording], None]) -> Recording:
    """One stream of this camera."""
    town = Recording(folder, stream=StreamId.parse(camera))
    made(town)
    town.finish()
    return town


class Exported(NamedTuple):
    """A clip of a recording, on disk."""

    made: Recording
    clip: Clip
    path: Path


def export(made: Recording, stream: StreamId, start: float, end: float, out: Path) -> Exported:
    """Seconds after the recording's start."""
    span = Span(UtcTicks(made.start + round(start * SECOND)), UtcTicks(made.start + round(end * SECOND)))
    footage = made.footage()
    clip = export_mp4(footage, stream, span, out)
    footage.close()
    return Exported(made, clip, out)


def _facts(exported: Exported) -> list[bytes]:
    """From the clip's first segment to the end of the span."""
    facts = [parse_fact(delivery.fact) for delivery in exported.made.deliveries]
    used = {exported.clip.segments[extent.segment].id for extent in exported.clip.extents}
    first = min(at for at, fact in enumerate(facts) if fact.id in used)
    while first and facts[first].t0 > exported.clip.span.start:
        first -= 1
    last = max(at for at, fact in enumerate(facts) if fact.id in used)
    end = exported.clip.span.end
    ends = [at for at, fact in enumerate(facts) if at >= last and fact.t1 is not None and fact.t1 >= end]
    return [fact.line for fact in facts[first : min(ends) + 1 if ends else None]]


def _hashes(exported: Exported) -> dict[Any, list[PieceHash]]:
    """From the records' headers, and from the segments' keys."""
    found = {}
    made, clip = exported.made, exported.clip
    for segment in {clip.segments[extent.segment] for extent in clip.extents}:
        with VolumeReader.open(made.disk, made.volume_of(segment)) as reader:
            sealed = next(reader.payload(each) for each in reader.headers() if each.kind == RecordKind.KEY)
            n = segment.id.n
            where = (clip.stream, segment.id.term, segment.hour, segment.class_)
            key = made.keys.segment_keys(*where, sealed, [n])[n]
            found[segment.id] = [
                PieceHash(reader.header_at(place).h, piece_salt(key, piece))
                for piece, place in enumerate(segment.places)
            ]
    return found


def _chunks(path: Path) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes()]


class Dossier:
    """A package and all that it was made of."""

    def __init__(
        self,
        clips: Sequence[Exported],
        seed: int = 1,
        facts: Callable[[bytes], bytes] = bytes,
        notes: Callable[[list[bytes]], list[bytes]] = lambda _: [],
    ) -> None:
        self.keys = Keys.of(seed)
        self.end = max(each.clip.span.end for each in clips)
        lines = {line: facts(line) for each in clips for line in _facts(each)}
        self.notes = notes([*lines.values()])  # of the ledger, about the first clip
        lines |= {note: note for note in self.notes}
        self.rec = Log("rec", self.keys.rec, self.keys.witness, [*lines.values()], self.end + 30 * SECOND)
        parts = [self._part(number, each, lines) for number, each in enumerate(clips)]
        self.parts = self._package(parts)
        self.bytes = b"".join(write_package(self.parts))

    def _part(self, number: int, each: Exported, lines: dict[bytes, bytes]) -> ClipPart:
        wanted = [*_facts(each), *([] if number else self.notes)]
        facts = [self.rec.proven(lines[line]) for line in wanted]
        name = f"{str(each.clip.stream).replace('/', '-')}-{number + 1}"
        return clip_part(name, each.clip, measure(_chunks(each.path)), facts, _hashes(each))

    def _package(self, clips: Sequence[ClipPart]) -> PackageParts:
        private, salt = '{"who":"agente 7","why":"incidente"}', bytes(range(32))
        p = to_base64(hashlib.sha256(salt + private.encode()).digest())
        common = {"streams": sorted({str(clip.stream) for clip in clips}), "month": "202611", "who": p}
        history = [
            json.dumps({"v": 1, "kind": kind, "t": self.end, **common, "p": own}, separators=(",", ":")).encode()
            for kind, own in (("view", to_base64(bytes(32))), ("ask", p))
        ]
        act = Log("act", self.keys.act, self.keys.witness, history, self.end + 60 * SECOND)
        return PackageParts(
            case="2026/0042",
            made=self.end + 90 * SECOND,
            software="torrazzo 0.1.0",
            policy=self.keys.policy,
            rec=self.rec.note,
            clips=clips,
            act=act.note,
            history=[act.proven(line) for line in history],
            openings=[Opening(2, salt, private)],
            anchors=act.anchor(3) | self.rec.anchor(len(self.rec.leaves)),
            program=(VERIFIER / "verify.py").read_bytes(),
            page=(VERIFIER / "verify.html").read_bytes(),
        )


# ---------------------------------------------------------------------------------------------------- forger's tools


def files_of(path: Path) -> dict[str, bytes]:
    """What is in a package, in its order."""
    with path.open("rb") as file:
        package = Package(file)
        return {name: package.bytes_at(*place) for name, place in package.entries.items()}


def pack(files: dict[str, bytes], *, anew: bool = True) -> bytes:
    """A package of these files; `anew` makes the lists of digests fit, as a careful forger does."""
    files = dict(files)
    if anew:
        listed = {
            name: data
            for name, data in files.items()
            if name not in {"mimetype", "manifest-sha256.txt"} and not name.startswith("META-INF/")
        }
        files["manifest-sha256.txt"] = digest_list({name: content_of(data) for name, data in listed.items()})
        listed["manifest-sha256.txt"] = files["manifest-sha256.txt"]
        files["META-INF/ASiCManifest.xml"] = asic_manifest({name: content_of(data) for name, data in listed.items()})
        assert files["mimetype"] == MIMETYPE
    return b"".join(write_zip({name: content_of(data) for name, data in files.items()}))
