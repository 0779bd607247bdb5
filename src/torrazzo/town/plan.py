# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The plan: what the recorder has to record, readable with the control room and the database down.

    {"v":1,"version":7,"issued":<ticks>,"entries":[{"stream":"3f9a1c0e5b7d2264/main","class":"standard","until":<ticks>,
      "transport":"auto","sealed":"<base64: url, user, password>","ca_pem":null,"pin_sha256":null}]}

`until` is the earlier of the permission's end and 30 days after issue: a plan that nobody renews stops by itself.
`version` grows with each change of the registry; a plan issued again without a change keeps it.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import DAY, HOUR, UtcTicks
from torrazzo.durable import Disk
from torrazzo.town.box import Box
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.lives import STANDARD, class_of, life_of

VALID_FOR = 30 * DAY
REISSUE_AFTER = 12 * HOUR


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """Record this stream, until then."""

    stream: StreamConfig
    retention_class: str
    until: UtcTicks


@dataclass(frozen=True, slots=True)
class Plan:
    """All streams to record."""

    version: int
    issued: UtcTicks
    entries: tuple[PlanEntry, ...]


def make_plan(version: int, issued: UtcTicks, cameras: Iterable[Camera]) -> Plan:
    """The plan for these cameras: every stream of those that are enabled and not removed, lapsed ones included."""
    entries = []
    for camera in cameras:
        if not camera.enabled or camera.removed is not None:
            continue
        limit = UtcTicks(issued + VALID_FOR)
        until = limit if camera.permit_until is None else min(limit, camera.permit_until)
        entries += [PlanEntry(stream, class_of(camera.retention_hours), until) for stream in camera.streams]
    return Plan(version, issued, tuple(entries))


def save_plan(disk: Disk, path: Path, plan: Plan, box: Box) -> None:
    """Replace the plan on disk; addresses and passwords are sealed."""
    entries = [_written(entry, box) for entry in plan.entries]
    document = {"v": 1, "version": plan.version, "issued": plan.issued, "entries": entries}
    disk.publish(path, json.dumps(document, indent=1).encode() + b"\n", 0o600)


def load_plan(path: Path, box: Box) -> Plan:
    """Read the plan; raises `Unavailable` if there is none, `Damaged` if it is not what `save_plan` wrote."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; `torrazzo serve` or any `camera` command writes it") from error
    try:
        document = json.loads(data)
        if document["v"] != 1:
            raise Damaged(f"{path}: version {document['v']!r} of the plan's form; this program reads 1: update it")
        entries = tuple(_read(entry, box) for entry in document["entries"])
        return Plan(int(document["version"]), UtcTicks(int(document["issued"])), entries)
    except (ValueError, KeyError, TypeError, Invalid) as error:
        raise Damaged(f"{path}: not a plan ({error!r}); restart `torrazzo serve`, which writes it anew") from error


def peek_classes(path: Path) -> tuple[str, ...]:
    """Retention classes for which keys are needed: the one that is always there, and those of the plan on disk."""
    try:
        found = {entry["class"] for entry in json.loads(path.read_bytes())["entries"]}
        known = {class_ for class_ in found if life_of(class_)}
    except (OSError, ValueError, KeyError, TypeError, Invalid, Refused):
        known = set()  # whoever follows the plan tells what is wrong with it
    return tuple(sorted({STANDARD, *known}))


def peek_version(path: Path) -> int:
    """The version of the plan on disk, 0 where there is none or it is unreadable."""
    try:
        found = json.loads(path.read_bytes())["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # the caller writes a new one
    return found if isinstance(found, int) else 0


def seal_address(stream: StreamConfig, box: Box) -> bytes:
    """Address, user and password in one sealed text (addresses of some cameras carry a password themselves)."""
    password = None if stream.password is None else stream.password.reveal()
    text = json.dumps({"url": stream.url, "user": stream.username, "password": password})
    return box.seal(text, str(stream.id))


def open_address(sealed: bytes, stream: StreamId, box: Box) -> tuple[str, str | None, Secret | None]:
    """The inverse of `seal_address`: url, user, password."""
    found = json.loads(box.open(sealed, str(stream)))
    return found["url"], found["user"], None if found["password"] is None else Secret(found["password"])


def _written(entry: PlanEntry, box: Box) -> dict[str, object]:
    stream = entry.stream
    return {
        "stream": str(stream.id),
        "class": entry.retention_class,
        "until": entry.until,
        "transport": stream.transport,
        "sealed": base64.b64encode(seal_address(stream, box)).decode(),
        "ca_pem": stream.ca_pem,
        "pin_sha256": stream.pin_sha256,
    }


def _read(entry: Mapping[str, object], box: Box) -> PlanEntry:
    stream = StreamId.parse(str(entry["stream"]))
    try:
        sealed = base64.b64decode(str(entry["sealed"]), validate=True)
    except binascii.Error as error:
        raise Damaged(f"plan.json: {stream}: not base64") from error
    url, username, password = open_address(sealed, stream, box)
    config = StreamConfig(
        id=stream,
        url=url,
        username=username,
        password=password,
        transport=str(entry["transport"]),
        ca_pem=_optional(entry["ca_pem"]),
        pin_sha256=_optional(entry["pin_sha256"]),
    )
    until = entry["until"]
    if not isinstance(until, int):
        raise TypeError("until")
    return PlanEntry(config, str(entry["class"]), UtcTicks(until))


def _optional(found: object) -> str | None:
    return None if found is None else str(found)
