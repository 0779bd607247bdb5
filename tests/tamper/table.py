# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who finds what: each kind of manipulation, what is done, who finds it, and what he must say.

docs/2-design/who-finds-what.md is made of this: `python -m tests.tamper.table > docs/2-design/who-finds-what.md`.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.tamper import changes as do
from tests.tamper.changes import A, B, Change, package
from tests.tamper.finders import (
    AUDITOR,
    CHECK,
    FACTS,
    FILES,
    GATE,
    NOW,
    READER,
    READING,
    RING,
    SCRUB,
    START,
    TPM,
    VERIFIER,
    WITNESS,
    Finder,
)
from tests.tamper.town import BEGIN, OLD_HOUR, STREAMS
from tests.tools import tampering as forge
from torrazzo.base import StreamId
from torrazzo.base.times import DAY, SECOND, hour_text
from torrazzo.base.times import HOUR as TICKS

CLIP_A, CLIP_B = forge.CLIP_A, forge.CLIP_B


class Way(NamedTuple):
    """One way of doing it: who finds it, and what must be among his findings."""

    finder: Finder
    change: Change
    says: str
    camera: StreamId | frozenset[StreamId] | str | None = None  # a set: one of them, the one whose entry stood first
    seconds: float | None = None  # after the recording began
    place: "Place | None" = None  # where no camera is concerned

    @property
    def name(self) -> str:
        """Of the test."""
        return self.finder.name.replace("`", "").replace(" ", "-")


class Place(NamedTuple):
    """What he names instead of camera and time, and how it stands in what he says."""

    what: str  # for people
    text: str


class Kind(NamedTuple):
    """A kind of manipulation."""

    id: str
    what: str
    ways: tuple[Way, ...]


def _kind(id_: str, what: str, *ways: Way) -> Kind:
    return Kind(id_, what, ways)


REC = Place("log", "torrazzo.example.it/rec")
ACT = Place("log", "torrazzo.example.it/act")
GONE = hour_text(OLD_HOUR.hour)  # whose key was shredded before


def _hour(hour: str) -> Place:
    return Place("hour of the key", f"{hour}/standard")


ALL = ",".join(sorted(map(str, STREAMS)))
OF_HOUR = -(BEGIN % TICKS) / SECOND  # where the pictures under its key may begin

TABLE = [
    _kind(
        "bit-in-video",
        "one bit of a recorded picture is another one",
        Way(CHECK, do.bit_in_volume, "its SHA-256 differs from the record's c", A, 12),
        Way(SCRUB, do.bit_in_volume, "SHA-256 differs", A, 12),
        Way(VERIFIER, package(partial(forge.bit_in_video, CLIP_A, 2, 3)), "is not the recorded one", A, 10),
    ),
    _kind(
        "fragment-dropped",
        "a second of a segment is taken out, all lists made to fit",
        Way(CHECK, do.without(A, 2, 3), "n=2 tells of 12", A, 10),
        Way(VERIFIER, package(forge.fragment_dropped), "was recorded and is not in the clip", A, 10),
    ),
    _kind(
        "fragments-swapped",
        "two seconds of a segment change places, with their hashes",
        Way(CHECK, do.fragments_swapped, "n=2", A, 10),
        Way(VERIFIER, package(forge.fragments_swapped), "is not that of the fact", A, 10),
    ),
    _kind(
        "fragment-inserted",
        "a second stands in a segment once more",
        Way(CHECK, do.fragment_inserted, "n=2", B, 10),
        Way(CHECK, do.fragment_appended, "no piece of that segment", B, 19),
        Way(VERIFIER, package(forge.fragment_inserted), "is not that of the fact", B, 50),
    ),
    _kind(
        "segment-dropped",
        "ten seconds are taken out, with their fact",
        Way(CHECK, do.without(A, 2), "facts missing: n=2", A, 10),
        Way(VERIFIER, package(forge.segment_dropped), "some are missing", B, 10),
        Way(AUDITOR, do.entry_left_out(A, 2, 2), "numbers 2 to 2", A, 88),
    ),
    _kind(
        "pictures-replaced-with-the-keys",
        "somebody who has the keys seals other pictures, and writes all facts and their links anew",
        Way(NOW, do.pictures_replaced, "is not that of the fact", A, 10),
    ),
    _kind(
        "segment-duplicated",
        "ten seconds stand in the place of those after them, with a fact that fits them",
        Way(CHECK, do.segment_duplicated, "prev is not the hash", A, 24),
        Way(VERIFIER, package(forge.segment_duplicated), "one is too many", B, 20),
        Way(AUDITOR, do.entry_twice(A, 2, 2), "is there already", A, 78),
    ),
    _kind(
        "ledger-rows-edited",
        "an entry of the ledger has other bytes",
        Way(
            START,
            do.rows(A, 1, 4, "UPDATE entry SET line = CAST(line || ' ' AS BLOB) WHERE log = 'rec' AND i = :i"),
            "not those logged",
            A,
            24,
        ),
        Way(
            READING,
            do.bundle_edited,
            "lead to another root",
            place=Place("log, entry, time", "R1 act, entry 35, 2026-"),
        ),
    ),
    _kind(
        "ledger-rows-deleted",
        "an entry of the ledger is gone",
        Way(START, do.rows(A, 1, 4, "DELETE FROM entry WHERE log = 'rec' AND i = :i"), "rows of entries 0 to", A, 24),
    ),
    _kind(
        "ledger-rows-reordered",
        "two entries of the ledger change places",
        Way(
            START,
            do.rows(
                A,
                1,
                4,
                "UPDATE entry SET i = -1 WHERE log = 'rec' AND i = :i",
                "UPDATE entry SET i = :i WHERE log = 'rec' AND i = :i + 1",
                "UPDATE entry SET i = :i + 1 WHERE log = 'rec' AND i = -1",
            ),
            "not those logged",
            A,
            24,
        ),
    ),
    _kind(
        "ledger-rows-truncated",
        "the last entries of the ledger are gone",
        Way(START, do.rows(B, 1, 7, "DELETE FROM entry WHERE log = 'rec' AND i >= :i"), "rows of entries 0 to", B, 60),
    ),
    _kind(
        "ledger-file-changed",
        "one bit of an entry, or of a hash, in a file of the ledger",
        Way(START, do.ledger_file("entries/000", do.one_bit(A)), "1 of its entries are not those logged", A, 10),
        Way(FILES, do.ledger_file("entries/000", do.one_bit(A)), "1 of its entries are not those logged", A, 10),
        Way(START, do.ledger_file("0/000", do.first_bit), "tile/0/000 of torrazzo.example.it/rec: not the one", ALL, 0),
        Way(FILES, do.ledger_file("0/000", do.first_bit), "entries 0 to 255", ALL, 0),
    ),
    _kind(
        "ledger-file-cut-off",
        "half of a file of the ledger is gone",
        Way(START, do.ledger_file("entries/000", do.half), "tile/entries/000 of torrazzo.example.it/rec", ALL, 0),
        Way(FILES, do.ledger_file("entries/000", do.half), "entries 0 to 255", ALL, 0),
        Way(FILES, do.ledger_file("0/000", do.half), "tile/0/000 of torrazzo.example.it/rec: 4096 bytes", ALL, 0),
    ),
    _kind(
        "ledger-file-gone",
        "a file of the ledger is gone",
        Way(START, do.ledger_file("entries/000", Path.unlink), "the file is gone", ALL, 0),
        Way(FILES, do.ledger_file("entries/000", Path.unlink), "tile/entries/000 of torrazzo.example.it/rec", ALL, 0),
        Way(FILES, do.ledger_file("0/000", Path.unlink), "tile/0/000 of torrazzo.example.it/rec: the file", ALL, 0),
    ),
    _kind(
        "database-rolled-back",
        "an older copy of the ledger is put back",
        Way(START, do.put_database_back, "facts that stand in the volumes are not in it", ALL, 10),
        Way(READER, do.put_ledger_back, "had ", place=REC),
        Way(WITNESS, do.put_ledger_back, "400 old size", place=REC),
        Way(AUDITOR, do.put_ledger_back, "the log has shrunk", frozenset(STREAMS), 10),
        Way(GATE, do.put_ledger_back, "head-stale", A, 0),
    ),
    _kind(
        "fork-shown-to-a-second-reader",
        "the town begins its logs anew in secret, with its own keys and without one segment, and shows it to somebody",
        Way(READER, do.fork, "leads to root", place=REC),
        Way(WITNESS, do.fork, "422", place=REC),
        Way(AUDITOR, do.fork, "R1", A, 10),
    ),
    _kind(
        "fork-shown-to-the-keyring",
        "the same, shown to the keyring; the witness plays along",
        Way(GATE, do.fork, "head-fork", A, 0),
    ),
    _kind(
        "back-dated-fact",
        "a fact tells of the day before",
        Way(CHECK, do.fact_in_volume(2, do.earlier(DAY)), "n=2 begins at", A, 10 - 86_400),
        Way(VERIFIER, package(forge.fact_back_dated), "is not in the log", A, 10 - 86_400),
        Way(AUDITOR, do.entry_changed(A, 2, 2, do.earlier(DAY)), "R4", A, 78 - 86_400),
    ),
    _kind(
        "gap-removed",
        "the facts of a silence are taken out",
        Way(CHECK, do.gap_removed, "facts missing: n=4 to 5", A, 24),
        Way(VERIFIER, package(forge.gap_removed), "some are missing", A, 24),
        Way(AUDITOR, do.entry_left_out(A, 2, 1), "numbers 1 to 1", A, 78),
    ),
    _kind(
        "two-terms-one-time",
        "a recorder's second life claims ten seconds that its first one told of",
        Way(CHECK, do.terms_overlap, "the term before ended at", A, 92),
        Way(AUDITOR, do.terms_overlap_in_ledger, "R4", A, 55),
    ),
    _kind(
        "old-ring-put-back",
        "the ring as it was before a key was shredded is put back",
        Way(RING, do.old_ring_put_back, "ring-2: sealed to a counter that stands at 3 now: it was shredded", ALL, 0),
        Way(FACTS, do.old_folder_put_back, "the ledger tells that they were destroyed", place=_hour(GONE)),
        Way(TPM, do.old_folder_put_back, "it was shredded", ALL, 0),
    ),
    _kind(
        "replayed-shred",
        "a shred's fact is entered once more, instead of another shred",
        Way(AUDITOR, do.shred_replayed, "a shred that is replayed", place=_hour(GONE)),  # nothing was recorded under it
        Way(AUDITOR, do.shred_of_pictures_replayed, "a shred that is replayed", ALL, OF_HOUR),
    ),
    _kind(
        "shred-left-out",
        "a week has passed, and the keys live",
        Way(AUDITOR, do.a_week_passes, "has outlived its pictures", ALL, OF_HOUR),
    ),
    _kind(
        "shred-too-early",
        "a key is destroyed long before its time, for its age as it is said",
        Way(AUDITOR, do.shred_too_early, "early, for its age", ALL, OF_HOUR),
    ),
    _kind(
        "forged-checkpoint",
        "a head has another root",
        Way(START, do.checkpoint_forged, "not signed by", place=Place("log", "rec/checkpoint")),
        Way(GATE, do.head_shown_forged, "head-forged", A, 0),
        Way(VERIFIER, package(forge.head_forged), "the head of the log is refused", A, 5.4),
    ),
    _kind(
        "foreign-policy",
        "the package brings a policy with keys of the forger's, who signed it all anew",
        Way(VERIFIER, package(forge.head_of_another_key), "the head of the log is refused", A, 5.4),
    ),
    _kind(
        "changed-header",
        "one bit of the clip's own tables; or a picture that they do not show",
        Way(VERIFIER, package(forge.header_bit), "header was changed", A, 5.4),
        Way(VERIFIER, package(forge.picture_hidden), "of another form", B, 5.4),
    ),
    _kind(
        "re-encoded-clip",
        "the clip decoded and encoded again",
        Way(VERIFIER, package(do.clip_encoded_anew), "is not the recorded one", B, 0),
    ),
    _kind(
        "stripped-sei",
        "the camera's own signatures taken out of the clip",
        Way(VERIFIER, package(do.sei_stripped), "is not the recorded one", A, 0),
    ),
    _kind(
        "volume-deleted",
        "a file of the archive is gone before its time",
        Way(CHECK, do.volume_deleted(1), "are in no volume", A, 77),
        Way(CHECK, do.volume_deleted(2), "are in no volume", B, 114),
    ),
    _kind(
        "sealed-k-of-another-hour",
        "a stream's sealed key of another hour in the place of its own",
        Way(GATE, do.key_of_another_hour, "its key does not open", A, 0),
    ),
    _kind(
        "window-replayed",
        "an access window is shown again: closed, expired, or to a keyring that has started since",
        Way(GATE, do.window_closed, "closed", A, 0),
        Way(GATE, do.window_expired, "expired", A, 0),
        Way(GATE, do.window_of_another_life, "restarted", A, 0),
    ),
]


def ways() -> Iterator[tuple[str, Way]]:
    """Each, with the name of its test."""
    for kind in TABLE:
        for number, way in enumerate(kind.ways, 1):
            yield f"{kind.id}-{number}-{way.name}", way


TOP = """# Who finds what

Made from the table in `tests/tamper/table.py` by `python -m tests.tamper.table`; a test compares. Each line is a test:
a town that was really recorded passes, exactly one thing is done to it, and the one who is named finds it. *Where*:
what he names: camera and time, as the test compares. Who has seen heads alone (a second reader, a witness) can name
the log and no more, and so can the ledger where nothing but its published head is another one: a head is a number and
a hash, and no entry is missing that could be named. Who has the entries or the pictures names the rest, in the rows
beside.
What is not found is in [threats](threats.md).

"""


def render() -> str:
    """The page."""
    rows = ["| kind | what is done | who finds it | where |", "| --- | --- | --- | --- |"]
    for kind in TABLE:
        named = {way.finder.name: "camera, time" if way.place is None else way.place.what for way in kind.ways}
        for number, (name, where) in enumerate(named.items()):
            first = (f"`{kind.id}`", kind.what) if number == 0 else ("", "")
            rows.append(f"| {first[0]} | {first[1]} | {name} | {where} |")
    return TOP + "\n".join(rows) + "\n\nWho looks:\n\n" + finders()


def finders() -> str:
    """A line for each."""
    known = dict.fromkeys(way.finder for kind in TABLE for way in kind.ways)
    return "".join(f"- *{finder.name}*: {finder.who}\n" for finder in known)


if __name__ == "__main__":
    print(render(), end="")
