# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which recorders are heard of, and which are silent; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Invalid
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.intake import silent_entry

SILENT_NS = 15_000_000_000


@dataclass(slots=True)
class _Recorder:
    streams: Mapping[StreamId, TermId]
    last: int  # UTC ticks
    last_ns: int  # since boot
    is_told: bool = False


class Silence:
    """A recorder beats every two seconds, also when it has no facts; one per node."""

    def __init__(self) -> None:
        self._recorders: dict[str, _Recorder] = {}

    def hear(self, node: str, streams: Mapping[StreamId, TermId], now: int, now_ns: int) -> bool:
        """It is there, and these are the terms that it records; returns whether those are others than before."""
        known = self._recorders.get(node)
        self._recorders[node] = _Recorder(streams, now, now_ns)
        return known is None or known.streams != streams

    def pack(self) -> bytes:
        """Who should be heard, for the next life."""
        found = {
            node: {str(stream): str(term) for stream, term in each.streams.items()}
            for node, each in self._recorders.items()
        }
        return json.dumps({"v": 1, "recorders": found}, separators=(",", ":")).encode()

    def expect(self, packed: bytes, now: int, now_ns: int) -> None:
        """What the life before packed: these are silent from now on, until they are heard. Raises `Invalid`."""
        try:
            for node, streams in json.loads(packed)["recorders"].items():
                terms = {StreamId.parse(stream): TermId.parse(term) for stream, term in streams.items()}
                self._recorders[node] = _Recorder(terms, now, now_ns)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Invalid(f"recorders that were heard: {error!r}") from error

    def forgive(self, ns: int) -> None:
        """So long it was we who did not listen."""
        for recorder in self._recorders.values():
            recorder.last_ns += ns

    def due(self, now: int, now_ns: int) -> list[RecEntry]:
        """A `silent` fact for each stream of a recorder of which nothing was heard for 15 s; told once."""
        found: list[RecEntry] = []
        for recorder in self._recorders.values():
            if not recorder.is_told and now_ns - recorder.last_ns >= SILENT_NS:
                recorder.is_told = True
                streams = sorted(recorder.streams.items())
                found += [silent_entry(stream, term, recorder.last, now) for stream, term in streams]
        return found

    def seconds(self, now_ns: int) -> dict[str, float]:
        """For each node, how long it has been silent."""
        return {node: round((now_ns - each.last_ns) / 1e9, 1) for node, each in self._recorders.items()}
