# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo footage check` does and tells."""

from collections.abc import Mapping

from torrazzo.archive.accounts import Tenure
from torrazzo.archive.check import Finding, Manner, check
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.base.times import iso_from_ticks
from torrazzo.cli.exits import FOUND, OK
from torrazzo.cli.index import fresh_index
from torrazzo.cli.output import Progress, warn, write_json
from torrazzo.control_room.index import open_roots
from torrazzo.durable import Disk, OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.town.ask import ask
from torrazzo.town.home import Home, load_settings

_RECORDER_S = 2.0


def check_archive(
    home: Home, names: Mapping[CameraId, str], *, deep: bool, progress: bool | None, as_json: bool
) -> int:
    """Tell each finding as it is made; 1 if there is any. A root that is not there is one."""
    disk, settings = OsDisk(), load_settings(home)
    roots = open_roots(disk, settings)
    there = {root.path for root in roots}
    found = 0
    told: list[dict[str, object]] = []
    for path in settings.roots:
        if path not in there:
            found += 1
            told.append({"what": f"{path}: the disk root is not there or cannot be read"})
            warn(f"{path}: the disk root is not there or cannot be read; is the disk mounted?")
    bar = Progress("Reading the archive", progress)
    manner = Manner(
        deep=deep,
        keys=_keys(home, disk) if deep else None,
        live_fence=_live_fence(home),
        known=_known(home),
        progress=lambda done, total: bar(done / max(1, total)),
    )
    for finding in check(disk, roots, manner) if roots else ():
        found += 1
        if as_json:
            told.append(_for_machines(finding, names))
        else:
            print(finding.line(names), flush=True)
    bar.close()
    if as_json:
        write_json(told)
    elif not found:
        print(
            "The archive is as it was written: every byte was read." if deep else "The archive's structure is in order."
        )
    return FOUND if found else OK


def _known(home: Home) -> Mapping[Tenure, int]:
    """What the catalogue remembers to have been recorded: a volume that was taken away whole is missed by it."""
    try:
        with fresh_index(home) as index:
            return index.last_numbers()
    except (Unavailable, Damaged) as error:
        warn(f"checked without the catalogue: {error}")
        return {}


def _keys(home: Home, disk: Disk) -> KeyClient | None:
    keys = KeyClient(home.path, disk)
    if keys.has_ring():
        return keys
    warn(f"{home.keyring}: there is no ring: pieces are compared with their hashes, but not opened")
    return None


def _live_fence(home: Home) -> int | None:
    """The number of the recorder that is running: what it has not finished yet is no finding."""
    try:
        status, said = ask(home.recorder_socket, "GET", "/status", timeout=_RECORDER_S)
    except (Unavailable, Damaged):
        return None
    fence = said.get("fence") if status == 200 and isinstance(said, dict) else None
    return fence if isinstance(fence, int) else None


def _for_machines(finding: Finding, names: Mapping[CameraId, str]) -> dict[str, object]:
    stream = finding.stream
    return {
        "camera": None if stream is None else names.get(stream.camera, stream.camera),
        "id": None if stream is None else stream.camera,
        "stream": None if stream is None else stream.name,
        "from": None if finding.t0 is None else iso_from_ticks(finding.t0),
        "to": None if finding.t1 is None else iso_from_ticks(finding.t1),
        "volume": finding.volume,
        "what": finding.what,
    }
