# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The node's counter of recorder starts, the last terms of each stream, and the disks on which they may lie.

`fence.json`, written before anything is recorded under the number, so that no two starts share one:

    {"v":1,"fence":17,"terms":{"<stream>":"<term>"},"before":{"<stream>":["<term>"]},"roots":{"17":["<root>"]}}

`terms` has the last term of each stream, `before` older ones that may lie on a disk that is away. `roots` has for each
start that still matters the roots that were open then or, because recovery may have written there, later. Old files
have neither of the latter two. A file that is lost, or older than the footage, numbers no start twice: volumes have the
number in their names.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from torrazzo.archive import Root
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.recovery import Recovery
from torrazzo.archive.root import volume_names
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import NodeId, RootId
from torrazzo.durable import Disk
from torrazzo.recorder.journal import LostTerm, Prior

_MAX_FILE = 16 << 20

Terms = dict[StreamId, list[TermId]]
Roots = dict[int, set[RootId]]  # by start


class Fence:
    """`number` is this start's; `terms` are those known that matter, by stream, the last one last.

    `roots` are those that are open now; `is_one_missing` if another one is configured and could not be opened. Not for
    two threads at once, but for `is_away`. Whatever can't be written raises OSError: without its number no start may
    record anything, without its terms' being saved none of them may.
    """

    def __init__(self, disk: Disk, path: Path, node: NodeId, roots: Sequence[Root], *, is_one_missing: bool) -> None:
        self._disk, self._path, self._node = disk, path, node
        self._open = {root.id for root in roots}
        self._is_one_missing = is_one_missing
        before, self.terms, noted = _read(disk, path)
        self.number = max(before, *(_highest(disk, root, node) for root in roots), 0) + 1
        self.roots = {start: roots | self._open for start, roots in (*noted.items(), (self.number, set()))}
        self._earlier = {stream: terms[-1] for stream, terms in self.terms.items()}
        self.lost = [(stream, term) for stream, terms in self.terms.items() for term in terms if self._is_lost(term)]
        self._save()

    def save(self, terms: Mapping[StreamId, TermId]) -> None:
        """Remember these terms, the last of their streams, if they are not known; none of them on OSError."""
        before = self.terms
        new = {stream: [term] for stream, term in terms.items() if term not in before.get(stream, ())}
        if not new:
            return
        self.terms = {**before, **{stream: [*before.get(stream, ()), *term] for stream, term in new.items()}}
        try:
            self._save()
        except OSError:  # the file has them, or has not: no fact may tell of one
            self.terms = before
            raise

    def is_away(self, node: NodeId, start: int) -> bool:
        """Whether something of the terms of that start may lie on a root that should be here and is not."""
        return self._is_one_missing and self._is_here(node, start) is not True

    def priors(self, found: Recovery) -> dict[StreamId, Prior]:
        """What this start's terms follow: the last fact found, unless there may be a later one elsewhere."""
        priors: dict[StreamId, Prior] = {stream: LostTerm(str(term)) for stream, term in self._earlier.items()}
        priors.update(found.last)
        priors.update({stream: LostTerm(str(term)) for stream, term in found.away.items()})
        return priors

    def forget_settled(self, found: Recovery) -> None:
        """That recovery is over: forget the terms, starts, that nothing depends on any more; again after OSError."""
        for stream, terms in self.terms.items():
            last = found.last.get(stream)
            self.terms[stream] = [
                *(term for term in terms[:-1] if self._is_lost(term) and (last is None or _is_later(term, last.term))),
                terms[-1],
            ]
        needed = [term for terms in self.terms.values() for term in terms] + [last.term for last in found.last.values()]
        wanted = {self.number, *(term.fence for term in needed if term.node == self._node)}
        self.roots = {
            start: noted for start, noted in self.roots.items() if start in wanted or self.is_away(self._node, start)
        }
        self._save()

    def _is_here(self, node: NodeId, start: int) -> bool | None:
        """Whether all roots on which that start's terms may lie are open; None if they are not known."""
        noted = self.roots.get(start) if node == self._node else None
        return None if noted is None else noted <= self._open

    def _is_lost(self, term: TermId) -> bool:
        """Whether a term may have told facts on a root that is not here, even if none is missing any more."""
        is_here = self._is_here(term.node, term.fence)
        return self._is_one_missing if is_here is None else not is_here

    def _save(self) -> None:
        terms = {str(stream): list(map(str, terms)) for stream, terms in sorted(self.terms.items())}
        document = {
            "v": 1,
            "fence": self.number,
            "terms": {stream: several[-1] for stream, several in terms.items()},
            "before": {stream: several[:-1] for stream, several in terms.items() if several[:-1]},
            "roots": {str(start): [f"{root:08x}" for root in sorted(of)] for start, of in sorted(self.roots.items())},
        }
        self._disk.publish(self._path, json.dumps(document, indent=1).encode() + b"\n")


def _is_later(term: TermId, than: TermId) -> bool:
    return term.node != than.node or (term.fence, term.start) > (than.fence, than.start)


def _highest(disk: Disk, root: Root, node: NodeId) -> int:
    """The last start of this node that left a volume there; 0 if none did, or if the disk does not say."""
    highest = 0
    with contextlib.suppress(OSError):
        for name in volume_names(disk, root):
            with contextlib.suppress(Invalid):
                header = VolumeHeader.from_name(name)
                highest = max(highest, header.fence if header.node == node else 0)
    return highest


def _read(disk: Disk, path: Path) -> tuple[int, Terms, Roots]:
    try:
        file = disk.open_read(path)
    except FileNotFoundError:
        return 0, {}, {}
    try:
        document = json.loads(file.read(0, _MAX_FILE))
        before, noted = document.get("before", {}), document.get("roots", {})
        terms = {
            StreamId.parse(stream): [TermId.parse(each) for each in (*before.get(stream, ()), term)]
            for stream, term in document["terms"].items()
        }
        roots = {int(start): {RootId(int(root, 16)) for root in of} for start, of in noted.items()}
        return int(document["fence"]), terms, roots
    except (ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
        raise Damaged(
            f'{path}: not a fence file ({error!r}); write {{"v":1,"fence":N,"terms":{{}}}} with N above every '
            "fence in the volumes' names"
        ) from error
    finally:
        file.close()
