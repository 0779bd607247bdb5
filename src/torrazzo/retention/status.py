# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What retention says of itself after each look: `run/retention.json`, for commands and the control room."""

import json
from collections.abc import Mapping
from pathlib import Path

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import HOUR, iso_from_ticks
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.public import KeyName
from torrazzo.retention.disks import Found
from torrazzo.retention.forecast import Outlook
from torrazzo.retention.forgotten import Forgotten
from torrazzo.retention.journal import State
from torrazzo.retention.plan import Seen, due, freed, held_up, life
from torrazzo.town.home import Home

STATUS = "retention.json"  # in the home's run folder

_LIMIT = 16 << 20


def status_of(
    seen: Seen,
    found: Found,
    outlooks: Mapping[Path, Outlook],
    state: State,
    forgotten: Forgotten,
    alarms: Mapping[str, str],
) -> bytes:
    """Times in ISO 8601 UTC."""
    waiting = freed(seen)
    told = {
        "v": 1,
        "looked": iso_from_ticks(seen.now.earliest),
        "clocks_agree": seen.now.agreed is not None,
        "floor_hours": seen.floor_hours,
        "classes": [
            _class_of(class_, [name for name in seen.keys if name.class_ == class_], forgotten)
            for class_ in sorted({name.class_ for name in seen.keys})
        ],
        "due": [str(each.name) for each in due(seen)],
        "early": [str(name) for name in sorted(state.early)],
        "facts_owed": len(state.debts),
        "volumes_waiting": len(waiting),
        "volumes_held_up": len(held_up(seen)),
        "disks": [{"path": str(path), **_disk(each)} for path, each in outlooks.items()]
        + [{"path": str(path), "away": why} for path, why in found.away.items()],
        "alarms": dict(alarms),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def read_status(disk: Disk, home: Home) -> Mapping[str, object]:
    """What the last look told; raises `Unavailable` if there was none, `Damaged` for something else in its place."""
    path = home.run / STATUS
    try:
        found = json.loads(read_whole(disk, path, _LIMIT))
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: the keyring has not looked yet; start `torrazzo serve`") from error
    except ValueError as error:
        raise Damaged(f"{path}: not JSON; the keyring's next look writes it anew") from error
    if not isinstance(found, dict) or found.get("v") != 1:
        raise Damaged(f"{path}: not of version 1; the keyring's next look writes it anew")
    return found


def _class_of(class_: str, names: list[KeyName], forgotten: Forgotten) -> dict[str, object]:
    hours = life(names[0])
    oldest = min(names).hour
    before = forgotten.before.get(class_)
    return {
        "class": class_,
        "hours": hours,
        "oldest_key": iso_from_ticks(oldest * HOUR),
        "gone_before": None if before is None else iso_from_ticks(before * HOUR),
    }


def _disk(each: Outlook) -> dict[str, object]:
    days = None if each.hours_left is None or not each.is_known else round(each.hours_left / 24, 1)
    return {**each._asdict(), "is_tight": each.is_tight, "days_left": days}
