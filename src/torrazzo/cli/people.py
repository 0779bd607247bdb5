# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person asks of the control room through `run/people.sock`, as the Unix user that runs the command."""

import contextlib
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from torrazzo.base.errors import Damaged, TorrazzoError, Unavailable
from torrazzo.control_room.answers import parse_error
from torrazzo.durable import OsDisk, move_into_place
from torrazzo.town.ask import UnixHttp, ask, expect_back
from torrazzo.town.home import Home

_ANSWER_S = 60.0
_BACK_S = 20.0  # a control room that was killed is there again before, on a busy machine too
_PART = 1 << 20


def ask_people(
    home: Home, method: str, target: str, body: object = None, patience_s: float = _ANSWER_S
) -> dict[str, Any]:
    """The answer; raises what the control room raised."""
    status, answer = ask(_socket(home), method, target, body, patience_s)
    if status != 200:
        raise parse_error(answer, status)
    if not isinstance(answer, dict):
        raise Damaged(f"{home.people_socket}: what answered is no control room of ours; restart `torrazzo serve`")
    return answer


def town_zone(home: Home) -> ZoneInfo:
    """In which its times are shown, also to who cannot read its settings."""
    return ZoneInfo(str(ask_people(home, "GET", "/zone")["zone"]))


def fetch_copy(home: Home, key: str, size: int, out: Path, progress: Callable[[float], None]) -> None:
    """Read the MP4 of a look into `out`, which appears, or is replaced, when it is whole. The look is closed then."""
    disk, new = OsDisk(), out.with_name(f".{out.name}.new")
    try:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(new)  # of an export that was killed
        file = disk.create(new)
        is_whole = False
        try:
            for part in _parts(_socket(home), f"/look/{key}/video.mp4"):
                file.append([part])
                progress(file.size / size)
            if file.size != size:
                raise Unavailable(f"{out}: the copy was cut short at byte {file.size} of {size}; export again")
            file.sync()
            is_whole = True
        finally:
            file.close()
            if not is_whole:
                disk.unlink(new)
        move_into_place(new, out)
    except OSError as error:
        raise Unavailable(f"{out}: {error.strerror}; choose another place or make room, then export again") from error
    finally:
        with contextlib.suppress(TorrazzoError):  # else it ends by itself in a minute
            ask(_socket(home), "POST", f"/look/{key}/close", timeout=_ANSWER_S)


def _parts(path: Path, target: str) -> Iterator[bytes]:
    connection = UnixHttp(path, _ANSWER_S)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        if answer.status != 200:
            raise Unavailable(f"{path}: the copy is not given ({answer.status}); export again")
        while part := answer.read(_PART):
            yield part
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{path}: the copy was cut short ({error!r}); export again") from error
    finally:
        connection.close()


def _socket(home: Home) -> Path:
    try:
        is_there = home.people_socket.exists()
    except PermissionError:
        is_there = False
    if not is_there:
        raise Unavailable(
            f"{home.people_socket}: nothing to ask there. Name the town's folder with --home; `torrazzo serve` has to "
            "run in it, and its torrazzo.toml to name you below [people]"
        )
    expect_back(home.people_socket, _BACK_S)
    return home.people_socket
