# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo camera probe` asks and tells."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.base.clock import SystemClock
from torrazzo.camera import probe
from torrazzo.camera.probe import Probe
from torrazzo.control_room.words import WORDS
from torrazzo.town.camera import StreamConfig


class Probed(NamedTuple):
    """A stream and what it gave."""

    stream: StreamConfig
    found: Probe

    @property
    def is_recordable(self) -> bool:
        """Pictures came that can be stored."""
        return self.found.why is None

    def to_json(self) -> dict[str, object]:
        """For machines."""
        found = self.found
        return {
            "stream": self.stream.id.name,
            "url": self.stream.shown_url,
            "recordable": self.is_recordable,
            "why": found.why,
            "message": found.message,
            "tracks": list(found.tracks),
            "server": found.server,
            "codec": found.codec,
            "size": None if found.size is None else list(found.size),
            "frames_per_second": None if found.frames_per_second is None else round(found.frames_per_second, 2),
            "bits_per_second": found.bits_per_second,
        }


def probe_streams(streams: Sequence[StreamConfig]) -> list[Probed]:
    """Ask all of them at the same time; about ten seconds at most once they are connected."""

    async def ask() -> list[Probe]:
        return list(await asyncio.gather(*(probe(stream, SystemClock()) for stream in streams)))

    return [Probed(stream, found) for stream, found in zip(streams, asyncio.run(ask()), strict=True)]


def show_probe(results: Sequence[Probed]) -> None:
    """In words."""
    for result in results:
        found = result.found
        print(f"{result.stream.id.name}: {result.stream.shown_url}")
        if found.why is None:
            speed = f", {found.bits_per_second / 1000:.0f} kbit/s" if found.bits_per_second else ""
            print(f"  can be recorded: {found.message}{speed}")
        else:
            print(f"  cannot be recorded ({WORDS['en'].get(found.why, found.why)}): {found.message}")
        for track in found.tracks:
            print(f"  offers {track}")
        if found.server:
            print(f"  made by {found.server}")
