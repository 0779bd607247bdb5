# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's state as people read it: what the registry declares, what the recorder says, what the catalogue holds.

State of a stream: `recording`, `connecting`, `gap` (with its cause), `disabled` (by us), `starting` (declared, and not
yet known to the recorder), `unknown` (the recorder does not answer).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks, ns_from_ticks, with_local_times
from torrazzo.control_room.damaged import damages
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import Settings

WITNESS_AWAY_S = 60

_TICK_KEYS = ("start", "end", "since", "last_frame", "permit_until", "now")


@dataclass(frozen=True, slots=True)
class GapState:
    """A stretch of today that is not recorded; no end: it lasts."""

    start: UtcTicks
    end: UtcTicks | None
    why: str


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream. `bytes` and `frames` count since the recorder's start."""

    name: str
    state: str
    why: str | None = None
    since: UtcTicks | None = None
    last_frame: UtcTicks | None = None
    age_s: float | None = None
    bytes: int = 0
    frames: int = 0
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    message: str = ""
    gaps: tuple[GapState, ...] = ()


@dataclass(frozen=True, slots=True)
class CameraState:
    """One camera and its streams."""

    id: str
    name: str
    place: str
    synthetic: bool
    enabled: bool
    permit_until: UtcTicks | None
    streams: tuple[StreamState, ...]

    @property
    def is_fine(self) -> bool:
        """Recorded as declared: nobody needs to look at it."""
        return all(stream.state in {"recording", "disabled"} for stream in self.streams)


class Said(NamedTuple):
    """What the processes said of themselves when they were asked, as they said it; None: nothing."""

    recorder: Mapping[str, object] | None = None
    ledger: Mapping[str, object] | None = None
    keyring: Mapping[str, object] | None = None
    retention: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class TownState:
    """Everything on one page."""

    town: str
    zone: str
    now: UtcTicks
    recorder: str  # running | waits | down
    recorder_why: str | None  # it waits, and records nothing, in English
    keys_hours_left: int | None
    queue_s: float | None
    roots: tuple[Mapping[str, object], ...]
    cameras: tuple[CameraState, ...]
    ledger: str  # running | refused | starting | down
    ledger_why: str | None  # it takes nothing
    ledger_waiting: int | None  # facts that the recorder has not delivered, or that wait for one before them
    witnesses_away: tuple[str, ...] = ()  # they have cosigned nothing for a minute
    own_witness: bool = False  # one runs in the town's own home: for show
    keyring: str = "unknown"  # running | down
    keyring_why: str | None = None  # it did not come up, with what nobody can look at meanwhile, in English
    keyring_level: str | None = None  # tpm | file; None: it does not answer
    settings_wrong: tuple[str, ...] = ()  # what is wrong with files of the home that people write, in English
    damaged: tuple[str, ...] = ()  # files of the ledger that are not as they were written, in English
    missing: str | None = None  # who looked, of facts that no book explains, in English
    alarms: tuple[str, ...] = ()  # of the keyring, in English: clocks, heads, what is not erased, disks that fill up
    said: Said = Said()  # noqa: RUF009 - a value; all of the above comes from it; not in `to_json`

    @property
    def is_fine(self) -> bool:
        """The recorder runs and every camera is recorded as declared."""
        return self.recorder == "running" and all(camera.is_fine for camera in self.cameras)

    @property
    def all_alarms(self) -> tuple[str, ...]:
        """The keyring's, and those that others look for."""
        others = (self.missing, self.recorder_why, self.keyring_why)
        told = (*self.alarms, *self.settings_wrong, *self.damaged)
        return (*told, *(each for each in others if each is not None))

    def with_roots(self, roots: Iterable[Mapping[str, object]]) -> "TownState":
        """The same with other roots."""
        return replace(self, roots=tuple(roots))

    def with_keyring(self, said: Mapping[str, object] | None, why: str | None = None) -> "TownState":
        """The same, with what the keyring says of itself; None: it does not answer, and `why` it did not come up."""
        all_said = self.said._replace(keyring=said)
        zone = ZoneInfo(self.zone)
        if said is None:
            why = None if why is None else with_local_times(why, zone)
            return replace(self, keyring="down", keyring_why=why, keyring_level=None, alarms=(), said=all_said)
        alarms, level = said.get("alarms"), said.get("level")
        texts = tuple(with_local_times(str(each), zone) for each in alarms) if isinstance(alarms, list) else ()
        kept = level if isinstance(level, str) else None
        return replace(self, keyring="running", keyring_level=kept, alarms=texts, said=all_said)

    def to_json(self) -> dict[str, object]:
        """For machines: times in ISO 8601 UTC; in a gap `from`, `to`, `why`."""
        found = _plain({name: value for name, value in asdict(replace(self, said=Said())).items() if name != "said"})
        assert isinstance(found, dict)
        return found


def town_state(
    settings: Settings,
    cameras: Iterable[Camera],
    recorder: Mapping[str, object] | None,
    gaps: Callable[[StreamId, Span], Iterable[GapState]],
    now: UtcTicks,
    ledger: Mapping[str, object] | None = None,
) -> TownState:
    """Put them together; `recorder` and `ledger` are the bodies of their `GET /status`, None when they don't answer."""
    cameras = list(cameras)
    names = {str(camera.id): camera.name for camera in cameras}
    today = Span(local_midnight(now, settings.zone), now)
    said, recorder_why = _mapping(recorder, "streams"), _reason(recorder, "waits", settings.zone)
    return TownState(
        town=settings.name,
        zone=settings.zone.key,
        now=now,
        recorder="down" if recorder is None else "running" if recorder_why is None else "waits",
        recorder_why=recorder_why,
        keys_hours_left=_integer(recorder, "keys_hours_left"),
        queue_s=_number(recorder, "queue_seconds"),
        roots=tuple(_roots(recorder)),
        cameras=tuple(
            CameraState(
                id=camera.id,
                name=camera.name,
                place=camera.place,
                synthetic=camera.synthetic,
                enabled=camera.enabled,
                permit_until=camera.permit_until,
                streams=tuple(
                    _stream(camera, stream, recorder is not None, _mapping(said, str(stream.id)), gaps, today)
                    for stream in camera.streams
                ),
            )
            for camera in cameras
        ),
        ledger="down" if ledger is None else str(ledger.get("state")),
        ledger_why=_reason(ledger, "why", settings.zone),
        ledger_waiting=_waiting(recorder, ledger),
        witnesses_away=tuple(str(each.get("name")) for each in witnesses_of(ledger) if is_away(each)),
        damaged=tuple(each.text for each in damages(ledger, names, settings.zone.key)),
        own_witness=any(each.get("own") is True for each in witnesses_of(ledger)),
        said=Said(recorder, ledger),
    )


def local_midnight(now: UtcTicks, zone: ZoneInfo) -> UtcTicks:
    """When today began in that zone."""
    seconds = ns_from_ticks(now) // 1_000_000_000
    local = (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return UtcTicks(int(midnight.timestamp()) * SECOND)


def _stream(
    camera: Camera,
    stream: StreamConfig,
    has_recorder: bool,
    said: Mapping[str, object],
    gaps: Callable[[StreamId, Span], Iterable[GapState]],
    today: Span,
) -> StreamState:
    last = _integer(said, "last_frame")
    size = said.get("size")
    width, height = size if isinstance(size, list) and len(size) == 2 else (None, None)
    why = said.get("why")
    if not camera.enabled:
        state = "disabled"
    elif not has_recorder:
        state = "unknown"
    else:
        state = str(said.get("state", "starting"))
    return StreamState(
        name=stream.id.name,
        state=state,
        why=str(why) if state == "gap" and why is not None else None,
        since=_ticks(_integer(said, "since")),
        last_frame=_ticks(last),
        age_s=None if last is None else round(max(0, today.end - last) / SECOND, 1),
        bytes=_integer(said, "bytes") or 0,
        frames=_integer(said, "frames") or 0,
        fps=_number(said, "fps"),
        width=width,
        height=height,
        codec=str(said["codec"]) if said.get("codec") else None,
        message=_message(stream, said),
        gaps=tuple(gaps(stream.id, today)),
    )


def _message(stream: StreamConfig, said: Mapping[str, object]) -> str:
    """What the recorder says beside the cause; parts of it are the camera's words, which may repeat our password."""
    text = str(said.get("message") or "")
    secret = "" if stream.password is None else stream.password.reveal()
    text = text.replace(secret, "…") if secret else text
    return "" if text == said.get("why") else text


def _reason(said: Mapping[str, object] | None, key: str, zone: ZoneInfo) -> str | None:
    why = None if said is None else said.get(key)
    return None if why is None else with_local_times(str(why), zone)


def witnesses_of(ledger: Mapping[str, object] | None) -> list[Mapping[str, object]]:
    """How each fares, as the ledger says."""
    found = None if ledger is None else ledger.get("witnesses")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def is_away(witness: Mapping[str, object]) -> bool:
    """Whether this witness has cosigned nothing for a minute."""
    seconds = witness.get("away_s")
    return isinstance(seconds, int | float) and seconds >= WITNESS_AWAY_S


def _waiting(recorder: Mapping[str, object] | None, ledger: Mapping[str, object] | None) -> int | None:
    there, here = _integer(recorder, "facts_waiting_for_ledger"), _integer(ledger, "waiting")
    return None if there is None and here is None else (there or 0) + (here or 0)


def _mapping(found: Mapping[str, object] | None, key: str) -> Mapping[str, object]:
    value = None if found is None else found.get(key)
    return value if isinstance(value, dict) else {}


def _integer(found: Mapping[str, object] | None, key: str) -> int | None:
    value = None if found is None else found.get(key)
    return value if isinstance(value, int) else None


def _number(found: Mapping[str, object] | None, key: str) -> float | None:
    value = None if found is None else found.get(key)
    return round(float(value), 2) if isinstance(value, int | float) else None


def _roots(recorder: Mapping[str, object] | None) -> list[Mapping[str, object]]:
    value = None if recorder is None else recorder.get("roots")
    return [root for root in value if isinstance(root, dict)] if isinstance(value, list) else []


def _ticks(value: int | None) -> UtcTicks | None:
    return None if value is None else UtcTicks(value)


def _plain(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        names = {"start": "from", "end": "to"} if "why" in value and "start" in value else {}
        return {names.get(name, name): _plain(part, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return iso_from_ticks(value) if key in _TICK_KEYS and isinstance(value, int) else value
