# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The evidence package: which file of it holds what (docs/3-formats/package.md)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from torrazzo.base import StreamId
from torrazzo.base.errors import Invalid
from torrazzo.evidence.asic import MIMETYPE, Content, asic_manifest, content_of, digest_list, write_zip
from torrazzo.evidence.clip import ClipPart, LeftOut, Proven
from torrazzo.evidence.readme import readme
from torrazzo.ledger import Policy
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import to_base64

_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_ANCHOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class Opening(NamedTuple):
    """The private part of an entry of the history, for who may read it."""

    line: int  # of the history, from 1
    salt: bytes
    text: str


class PackageParts(NamedTuple):
    """All that goes in."""

    case: str
    made: int  # UTC ticks
    software: str
    policy: Policy
    rec: Note  # the head that all facts are proven against
    clips: Sequence[ClipPart]
    left_out: Sequence[LeftOut] = ()
    act: Note | None = None
    history: Sequence[Proven] = ()
    openings: Sequence[Opening] = ()
    anchors: Mapping[str, bytes] = {}
    program: bytes = b""  # verify.py
    page: bytes = b""  # verify.html
    cameras: Mapping[StreamId, str] = {}  # as people call them


def write_package(parts: PackageParts) -> Iterator[bytes]:
    """The file. Raises `Invalid` for parts that do not fit together."""
    entries = _entries(parts)
    listed = dict(entries)
    entries["manifest-sha256.txt"] = listed["manifest-sha256.txt"] = content_of(digest_list(listed))
    entries["META-INF/ASiCManifest.xml"] = content_of(asic_manifest(listed))
    yield from write_zip({"mimetype": content_of(MIMETYPE), **entries})


def _entries(parts: PackageParts) -> dict[str, Content]:
    files: dict[str, bytes] = {
        "LEGGIMI.txt": readme(parts.case, parts.clips, parts.left_out, parts.rec, parts.policy, parts.cameras, "it"),
        "README.txt": readme(parts.case, parts.clips, parts.left_out, parts.rec, parts.policy, parts.cameras, "en"),
        "manifest.json": _manifest(parts),
        "policy.txt": parts.policy.pack(),
        "rec.checkpoint": parts.rec.pack(),
    }
    for clip in parts.clips:
        if _NAME.fullmatch(clip.name) is None or clip.name == "history" or f"facts/{clip.name}.jsonl" in files:
            raise Invalid(f"clip {clip.name!r}: expected a name of its own in lower case, digits and hyphens")
        files[f"facts/{clip.name}.jsonl"] = _lines(clip.facts)
        files[f"pieces/{clip.name}.txt"] = "".join(clip.rows).encode()
        files.update(_proofs(clip.name, clip.facts, parts.rec))
    if parts.act is not None:
        files["act.checkpoint"] = parts.act.pack()
        files["history.jsonl"] = _lines(parts.history)
        files.update(_proofs("history", parts.history, parts.act))
    if parts.openings:
        files["openings.jsonl"] = b"".join(map(_opening, parts.openings))
    for name, data in parts.anchors.items():
        if _ANCHOR.fullmatch(name) is None:
            raise Invalid(f"anchor {name!r}: expected a file's name")
        files[f"anchors/{name}"] = data
    files |= {"verify.py": parts.program, "verify.html": parts.page}
    contents = {name: content_of(data) for name, data in files.items() if data or name.startswith("pieces/")}
    return contents | {f"clips/{clip.name}.mp4": clip.video for clip in parts.clips}


def _proofs(name: str, entries: Sequence[Proven], head: Note) -> dict[str, bytes]:
    for entry in entries:
        if entry.proof.note != head:
            raise Invalid(f"{name}: a proof against another head than the package's")
    return {f"proofs/{name}/{number}.tlog-proof": entry.proof.pack() for number, entry in enumerate(entries, 1)}


def _lines(entries: Sequence[Proven]) -> bytes:
    return b"".join(entry.line + b"\n" for entry in entries)


def _opening(opening: Opening) -> bytes:
    value = {"line": opening.line, "salt": to_base64(opening.salt), "text": opening.text}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _manifest(parts: PackageParts) -> bytes:
    clips = [
        {
            "name": clip.name,
            "stream": str(clip.stream),
            "from": clip.span.start,
            "to": clip.span.end,
            "head_length": clip.head_length,
            "head_sha256": clip.head_sha256.hex(),
            "losses": [{"fact": fact, "piece": piece, "why": why} for fact, piece, why in clip.losses],
        }
        for clip in parts.clips
    ]
    value: dict[str, object] = {"v": 1, "case": parts.case, "made": parts.made, "software": parts.software}
    value["rec"] = Checkpoint.parse(parts.rec.text).origin
    value["act"] = None if parts.act is None else Checkpoint.parse(parts.act.text).origin
    left_out = [
        {"stream": str(each.stream), "from": each.span.start, "to": each.span.end, "why": each.why}
        for each in parts.left_out
    ]
    return json.dumps({**value, "clips": clips, "left_out": left_out}, ensure_ascii=False, indent=1).encode() + b"\n"
