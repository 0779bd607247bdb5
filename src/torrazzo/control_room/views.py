# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the town's state is read from: registry, catalogue, recorder, ledger, keyring; any of them may be away."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.control_room.index import open_index
from torrazzo.control_room.state import GapState, TownState, town_state
from torrazzo.durable import Disk
from torrazzo.keyring.refused import read_refusal
from torrazzo.ledger import Policy
from torrazzo.ledger.anchor_settings import FILE as ANCHORS
from torrazzo.ledger.anchor_settings import load_anchor_settings
from torrazzo.ledger.town_policy import DIFFERS, is_as_set
from torrazzo.retention import read_status
from torrazzo.town.ask import ask
from torrazzo.town.box import load_box
from torrazzo.town.camera import Camera
from torrazzo.town.home import Home, Settings, load_settings
from torrazzo.town.registry import open_registry

_ANSWER_S = 2.0

Gaps = Callable[[StreamId, Span], Iterable[GapState]]
Ask = Callable[[Path], Mapping[str, object] | None]


def read_town_state(home: Home, disk: Disk, clock: Clock) -> TownState:
    """The state without a control room: from the files, and the recorder if one runs."""
    settings = load_settings(home)
    with open_registry(home.office_db, load_box(home.box_key)) as registry:
        cameras = registry.cameras()
    try:
        index = open_index(home)
    except (Unavailable, Damaged):
        return gather(home, settings, disk, clock, cameras, lambda *_: (), ask_status)
    with index:
        return gather(home, settings, disk, clock, cameras, index.gaps, ask_status)


class Heard:
    """What processes said, for who can do with an answer some seconds old. One that gave none is asked each time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[Path, tuple[int, Mapping[str, object]]] = {}

    def ask(self, socket: Path, young_ns: int = 0) -> Mapping[str, object] | None:
        """What it says, or said so many nanoseconds ago at most."""
        now_ns, before = self._clock.boot_ns(), self._said.pop(socket, None)
        if before is not None and now_ns - before[0] < young_ns:
            found: Mapping[str, object] | None = before[1]
        else:
            before, found = None, ask_status(socket)
        if found is not None:
            self._said[socket] = before or (now_ns, found)
        return found


def gather(
    home: Home,
    settings: Settings,
    disk: Disk,
    clock: Clock,
    cameras: Iterable[Camera],
    gaps: Gaps,
    ask: Ask,
) -> TownState:
    """The state from these cameras and gaps, and what the recorder, and to `ask` ledger and keyring say."""
    recorder, ledger = ask_status(home.recorder_socket), ask(home.ledger_socket)
    state = town_state(settings, cameras, recorder, gaps, clock.utc(), ledger)
    retention = last_look(disk, home)
    wrong = (*_anchors_wrong(home), *_policy_wrong(home, settings))
    state = replace(state, settings_wrong=wrong, said=state.said._replace(retention=retention))
    roots = _roots(settings, disk, state.roots, retention)
    keyring = ask(home.keyring_socket)
    return state.with_roots(roots).with_keyring(keyring, read_refusal(home) if keyring is None else None)


def _policy_wrong(home: Home, settings: Settings) -> tuple[str, ...]:
    """That keyring and control room wait for others than strangers are told to demand."""
    try:
        found = Policy.parse(home.policy.read_bytes())
        if is_as_set(found, settings.witnesses):
            return ()
    except FileNotFoundError:
        return ()
    except (OSError, TorrazzoError) as error:
        return (f"{home.policy}: {error}",)
    return (f"{home.policy}: {DIFFERS}",)


def _anchors_wrong(home: Home) -> tuple[str, ...]:
    """For what reason whom of anchors.toml nobody asks for stamps."""
    try:
        wrong = load_anchor_settings(home.path / ANCHORS).wrong
    except TorrazzoError as error:
        return (f"no authority is asked for anchors: {error}",)
    return tuple(f"authority {name} is not asked for anchors: {why}" for name, why in wrong.items())


def ask_status(socket: Path) -> Mapping[str, object] | None:
    """What a process says of itself there; None where nobody answers."""
    try:
        status, found = ask(socket, "GET", "/status", timeout=_ANSWER_S)
    except (Unavailable, Damaged):
        return None
    return found if status == 200 and isinstance(found, dict) else None


def _roots(
    settings: Settings, disk: Disk, said: Iterable[Mapping[str, object]], retention: Mapping[str, object] | None
) -> list[Mapping[str, object]]:
    """Each root of the settings with its free space, for how long that lasts, and what the recorder says of it."""
    known, days = {str(root.get("path")): root for root in said}, _days_left(retention)
    return [
        {
            "path": str(path),
            **known.get(str(path), {}),
            "free": _free(disk, path),
            "days_left": days.get(str(path)),
        }
        for path in settings.roots
    ]


def _days_left(retention: Mapping[str, object] | None) -> Mapping[str, object]:
    """By path, as retention foretold it at its last look; null: it will not be full, or that is not known."""
    found = None if retention is None else retention.get("disks")
    return {str(each.get("path")): each.get("days_left") for each in found} if isinstance(found, list) else {}


def last_look(disk: Disk, home: Home) -> Mapping[str, object] | None:
    """Of retention; None where there was none."""
    try:
        return read_status(disk, home)
    except (OSError, TorrazzoError):
        return None


def _free(disk: Disk, path: Path) -> int | None:
    try:
        return disk.free_bytes(path)
    except OSError:
        return None
