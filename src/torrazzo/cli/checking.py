# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo footage check` does and tells."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from torrazzo.archive import Root, VolumeReader
from torrazzo.archive.accounts import Tenure
from torrazzo.archive.check import Finding, Manner, check
from torrazzo.archive.survey import volume_paths
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.cli.exits import FOUND, OK
from torrazzo.cli.index import fresh_index, log_to_stderr
from torrazzo.cli.output import Progress, local_text, warn, write_json
from torrazzo.control_room.index import open_roots
from torrazzo.durable import Disk, OsDisk
from torrazzo.town.ask import ask
from torrazzo.town.home import Home, load_settings

_RECORDER_S = 2.0
_FEW = 10
_MISSING = "root_missing"  # which is a finding here


def check_archive(
    home: Home, names: Mapping[CameraId, str], *, deep: bool, verbose: bool, progress: bool | None, as_json: bool
) -> int:
    """Tell each finding as it is made; 1 if there is any. A root that is not there is one.

    Of a finding about a whole volume all streams are told, with `verbose` also when they are many.
    """
    log_to_stderr(told=_MISSING)
    disk, settings = OsDisk(), load_settings(home)
    roots = open_roots(disk, settings)
    there = {root.path for root in roots}
    found = 0
    told: list[dict[str, object]] = []
    told_at = partial(local_text, zone=settings.zone)
    for path in settings.roots:
        if path not in there:
            found += 1
            what = f"{path}: the disk root is not there or cannot be read"
            told.append(_for_machines(Finding(None, None, None, None, what), {}, names))
            warn(f"{what}; is the disk mounted?")
    bar = Progress("Reading the archive", progress)
    manner = Manner(
        deep=deep,
        live_fence=_live_fence(home),
        known=_known(home),
        progress=lambda done, total: bar(done / max(1, total)),
    )
    for finding in check(disk, roots, manner) if roots else ():
        found += 1
        streams = _streams_of(finding, disk, roots)
        if as_json:
            told.append(_for_machines(finding, streams, names))
        else:
            print(finding.line(names, told_at), *_others(streams, names, told_at, verbose), sep="\n", flush=True)
    bar.close()
    if as_json:
        write_json(told)
    elif not found:
        print(_all_well(_newest(disk, roots), settings.zone, deep))
    return FOUND if found else OK


def _all_well(newest: UtcTicks | None, zone: ZoneInfo, deep: bool) -> str:
    """What was checked, and no more: a volume that was taken away with all that knew of it leaves no trace here."""
    if newest is None:
        return "Nothing is in the archive."
    what = "All that is there is as it was written: every byte was read." if deep else "Its structure is in order."
    return (
        f"{what} Nothing after {local_text(newest, zone)} is there to be judged: if more was recorded, only the ledger "
        "can tell."
    )


def _newest(disk: Disk, roots: Sequence[Root]) -> UtcTicks | None:
    """Up to when anything is accounted for."""
    return max(
        (span.end for path in volume_paths(disk, roots) for span in _held(disk, path.name, roots).values()),
        default=None,
    )


def _streams_of(finding: Finding, disk: Disk, roots: Sequence[Root]) -> Mapping[StreamId, Span]:
    """Whom it concerns, and when: one about a whole volume names the first stream in it only."""
    if finding.stream is None or finding.t0 is None:
        return {}
    if finding.volume is not None and finding.what.endswith(" more streams)"):
        return _held(disk, finding.volume, roots)
    return {finding.stream: Span(UtcTicks(finding.t0), UtcTicks(max(finding.t0, finding.t1 or 0)))}


def _held(disk: Disk, volume: str, roots: Sequence[Root]) -> Mapping[StreamId, Span]:
    """Each stream of a volume and the time it covers there; nothing of one that cannot be read."""
    found: dict[StreamId, Span] = {}
    for path in (root.volumes / volume for root in roots):
        with contextlib.suppress(Damaged, OSError), VolumeReader.open(disk, path) as reader:
            for (stream, _), part in reader.summary().items():
                before = found.get(stream, Span(UtcTicks(part.t0), UtcTicks(part.t1)))
                found[stream] = Span(UtcTicks(min(before.start, part.t0)), UtcTicks(max(before.end, part.t1)))
    return dict(sorted(found.items()))


def _others(
    streams: Mapping[StreamId, Span], names: Mapping[CameraId, str], told_at: Callable[[int], str], verbose: bool
) -> Iterator[str]:
    """Below a finding's own line: the streams that it does not name."""
    if len(streams) < 2:
        return
    if len(streams) >= _FEW and not verbose:
        yield "  --verbose names them"
        return
    for stream, span in streams.items():
        name = names.get(stream.camera, stream.camera)
        yield f"  {name} ({stream.name}), {told_at(span.start)} to {told_at(span.end)}"


def _known(home: Home) -> Mapping[Tenure, int]:
    """What the catalogue remembers to have been recorded: a volume that was taken away whole is missed by it."""
    try:
        with fresh_index(home, told=_MISSING) as index:
            return index.last_numbers()
    except (Unavailable, Damaged) as error:
        warn(f"checked without the catalogue: {error}")
        return {}


def _live_fence(home: Home) -> int | None:
    """The number of the recorder that is running: what it has not finished yet is no finding."""
    try:
        status, said = ask(home.recorder_socket, "GET", "/status", timeout=_RECORDER_S)
    except (Unavailable, Damaged):
        return None
    fence = said.get("fence") if status == 200 and isinstance(said, dict) else None
    return fence if isinstance(fence, int) else None


def _for_machines(
    finding: Finding, streams: Mapping[StreamId, Span], names: Mapping[CameraId, str]
) -> dict[str, object]:
    stream = finding.stream
    return {
        "camera": None if stream is None else names.get(stream.camera, stream.camera),
        "id": None if stream is None else stream.camera,
        "stream": None if stream is None else stream.name,
        "from": None if finding.t0 is None else iso_from_ticks(finding.t0),
        "to": None if finding.t1 is None else iso_from_ticks(finding.t1),
        "volume": finding.volume,
        "what": finding.what,
        "streams": [
            {
                "camera": names.get(each.camera, each.camera),
                "id": each.camera,
                "stream": each.name,
                "from": iso_from_ticks(span.start),
                "to": iso_from_ticks(span.end),
            }
            for each, span in streams.items()
        ],
    }
