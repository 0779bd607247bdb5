# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is to go now, and what should have gone; pure. Holds have no part in it but to delay the unlinking."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import LEAD, LEGAL_HOURS, Judgement, end_of_life
from torrazzo.town.lives import life_of

LATE = 15 * 60 * SECOND  # after the moment at which a shred may begin: then it is an alarm

AGE, DISK = "age", "disk"  # `why` of a `shred` fact


class Volume(NamedTuple):
    """One whole file of footage, as its name has it."""

    folder: Path
    name: str
    key: KeyName  # which opens it
    size: int


class Seen(NamedTuple):
    """All that a decision follows from."""

    now: Judgement
    keys: Collection[KeyName]  # living
    volumes: Sequence[Volume]  # on all disks that are here
    floor_hours: int  # nothing younger goes for want of room
    is_tight: bool = False  # no disk has room for long
    early: Collection[KeyName] = ()  # went for want of room; their volumes may go too
    awaited: Collection[str] = ()  # names of volumes that are being copied for a hold


class Due(NamedTuple):
    """A key to be shredded."""

    name: KeyName
    why: str


def life(name: KeyName) -> int:
    """Hours that footage of this class lives: what the law allows, where the class does not say less."""
    try:
        return life_of(name.class_)
    except (Invalid, Refused):
        return LEGAL_HOURS


def due(seen: Seen) -> tuple[Due, ...]:
    """Keys to be shredded now, oldest first: those whose time it is, and else the oldest hour if there is no room."""
    old = tuple(Due(name, AGE) for name in sorted(seen.keys) if seen.now.may_shred(name.hour, life(name)))
    return old or tuple(Due(name, DISK) for name in _for_room(seen))


def freed(seen: Seen) -> tuple[Volume, ...]:
    """Volumes to be unlinked: nobody can read them any more, and nobody is copying them.

    That a key is not in the ring is not enough: a ring may be away, and come back.
    """
    return tuple(volume for volume in _gone(seen) if volume.name not in seen.awaited)


def held_up(seen: Seen) -> tuple[Volume, ...]:
    """Volumes that nobody can read any more, and that stay until a hold has copied them."""
    return tuple(volume for volume in _gone(seen) if volume.name in seen.awaited)


def late(seen: Seen) -> tuple[KeyName, ...]:
    """Keys that live too long, by any clock."""
    moment = seen.now.earliest if seen.now.latest is None else seen.now.latest
    return tuple(name for name in sorted(seen.keys) if moment >= end_of_life(name.hour, life(name)) - LEAD + LATE)


def first_living(seen: Seen, class_: str) -> int:
    """The hour before which nothing of a class is left: no key, and no right to one."""
    living = [name.hour for name in seen.keys if name.class_ == class_]
    if seen.now.agreed is None:
        return 0
    over = (seen.now.agreed + LEAD) // HOUR - life(KeyName(0, class_)) + 1
    return max(0, min([over, *living]))


def _gone(seen: Seen) -> list[Volume]:
    living = set(seen.keys)
    return [
        volume
        for volume in seen.volumes
        if volume.key not in living
        and (volume.key in seen.early or seen.now.may_shred(volume.key.hour, life(volume.key)))
    ]


def _for_room(seen: Seen) -> list[KeyName]:
    """The keys of the oldest hour that has footage, unless room is about to come back without."""
    agreed = seen.now.agreed
    if not seen.is_tight or agreed is None or _gone(seen):
        return []
    old = {volume.key for volume in seen.volumes if _is_past_floor(volume.key, agreed, seen.floor_hours)}
    old &= set(seen.keys)
    oldest = min((name.hour for name in old), default=0)
    return sorted(name for name in old if name.hour == oldest)


def _is_past_floor(name: KeyName, agreed: UtcTicks, floor_hours: int) -> bool:
    """Whether its last frame is as old as that."""
    return agreed >= (name.hour + 1 + floor_hours) * HOUR
