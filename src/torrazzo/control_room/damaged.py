# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of the ledger that are not as they were written, as people are told: cameras by name, the town's time."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.times import SECOND, local_from_ticks

MOST_NAMED = 5
MOST_TOLD = 10

LAST = 253_402_300_800 * SECOND  # the year 10000: what is beyond has no calendar


class Damage(NamedTuple):
    """One file."""

    is_stamp: bool  # else a tile or bundle
    place: str
    text: str
    plain: str = ""  # the same without cameras' names
    cameras: tuple[str, ...] = ()  # by id
    entries: str = ""  # of the ledger, which it has: `256–511`
    named: tuple[str, ...] = ()  # some of the cameras
    times: tuple[str, ...] = ()  # from when to when what it tells of is


def damages(ledger: Mapping[str, object] | None, names: Mapping[str, str], zone: str) -> list[Damage]:
    """What the ledger says in its status; `names` are the cameras', by id."""
    said = None if ledger is None else ledger.get("damaged")
    if not isinstance(said, dict):
        return []
    files = [_file(each, names, ZoneInfo(zone)) for each in _dicts(said.get("files"))]
    stamps = [_stamp(each) for each in _dicts(said.get("anchors"))]
    return [*files[:MOST_TOLD], *stamps[:MOST_TOLD]]


def _file(each: Mapping[str, object], names: Mapping[str, str], zone: ZoneInfo) -> Damage:
    place = f"{each.get('log')}/{each.get('file')}"
    streams = each.get("streams")
    cameras = (
        dict.fromkeys(stream.partition("/")[0] for stream in streams.split(",")) if isinstance(streams, str) else ()
    )
    told, times = [names.get(id_, id_) for id_ in cameras], _times(each, zone)
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    what = f"entries {each.get('first')} to {each.get('last')} of the ledger cannot be shown or proven"

    def text(about: list[str]) -> str:
        said = f" ({', '.join(about)})" if about else ""
        return f"{place} is not as it was written: {what}{said}; put it back from a backup"

    return Damage(
        is_stamp=False,
        place=place,
        text=text([*told[:MOST_NAMED], *more, *times]),
        plain=text(times),
        cameras=tuple(cameras),
        entries=f"{each.get('first')}–{each.get('last')}",
        named=(*told[:MOST_NAMED], *(["…"] if more else [])),
        times=tuple(time.replace(" to ", " – ") for time in times),
    )


def _times(each: Mapping[str, object], zone: ZoneInfo) -> list[str]:
    times = [at for at in (each.get("from"), each.get("to")) if isinstance(at, int) and 0 <= at < LAST]
    return [" to ".join(local_from_ticks(at, zone) for at in times)] if times else []


def _stamp(each: Mapping[str, object]) -> Damage:
    name = str(each.get("file"))
    text = f"stamp {name} is damaged, and goes into no package: {each.get('what')}"
    return Damage(is_stamp=True, place=name, text=text)


def _dicts(found: object) -> list[Mapping[str, object]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
