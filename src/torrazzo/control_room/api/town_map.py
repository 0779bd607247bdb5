# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lies under the cameras on the map: one PMTiles file of the home, served in ranges; no other host is asked."""

from pathlib import Path

from starlette.responses import FileResponse, Response

from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.town_map_shapes import Ground
from torrazzo.law import Operation

routes = Routes()

FILE = "map.pmtiles"  # in the home
NOTE = "map.txt"  # beside it: whom the map is of, in one line, as its licence wants it shown

_MAGIC = b"PMTiles\x03"
_NOTE = 300
_TYPE = "application/vnd.pmtiles"


@routes.add("GET", "/map", Logged.CONSULT, "map", Operation.CAMERAS_SEE, Ground)
def ground(asked: Asking) -> Ground:
    """Whether the town has a map of its own, and whose it is."""
    file = _file(asked.room.map_file)
    if file is None:
        return Ground(tiles=None, note="")
    return Ground(tiles=f"{file.stat().st_mtime_ns:x}", note=_note(file.with_name(NOTE)))


@routes.add("GET", "/map/tiles", Logged.CONSULT, "map", Operation.CAMERAS_SEE, None, media=_TYPE)
def tiles(asked: Asking) -> Response:
    """The file, or the range of it that is asked for."""
    file = _file(asked.room.map_file)
    if file is None:
        raise No("NOT_FOUND")
    return FileResponse(file, media_type=_TYPE, headers={"cache-control": "private, max-age=3600"})


def _file(path: Path | None) -> Path | None:
    """None where there is none, or it is something else."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return path if file.read(len(_MAGIC)) == _MAGIC else None
    except OSError:
        return None


def _note(path: Path) -> str:
    try:
        return " ".join(path.read_text("utf-8").split())[:_NOTE]
    except (OSError, ValueError):
        return ""
