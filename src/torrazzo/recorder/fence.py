# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The node's counter of recorder starts, and the last term of each stream.

`fence.json`: `{"v":1,"fence":17,"terms":{"<stream>":"<term>"}}`. It is written before anything is recorded
under the number, so that no two starts share one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.durable import Disk


class Fence:
    """`number` is this start's; `terms` are those known from earlier starts."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk, self._path = disk, path
        self.terms: dict[StreamId, TermId] = {}
        before = 0
        if path.exists():
            before, self.terms = _read(path)
        self.number = before + 1
        self.save({})

    def save(self, terms: Mapping[StreamId, TermId]) -> None:
        """Remember these terms besides the known ones."""
        self.terms.update(terms)
        written = {str(stream): str(term) for stream, term in sorted(self.terms.items())}
        document = {"v": 1, "fence": self.number, "terms": written}
        self._disk.publish(self._path, json.dumps(document, indent=1).encode() + b"\n")


def _read(path: Path) -> tuple[int, dict[StreamId, TermId]]:
    try:
        document = json.loads(path.read_bytes())
        terms = {StreamId.parse(stream): TermId.parse(term) for stream, term in document["terms"].items()}
        return int(document["fence"]), terms
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
        raise Damaged(
            f'{path}: not a fence file ({error!r}); write {{"v":1,"fence":N,"terms":{{}}}} with N above every '
            "fence in the volumes' names"
        ) from error
