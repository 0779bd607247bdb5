# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What has to be there before a camera records a real place (LB-01, LB-02, FN-01, GV-01, TR-01, WK-01, MN-02)."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from torrazzo.law.roles import TABLE, Operation, Role
from torrazzo.town.camera import Camera
from torrazzo.town.purpose import PurposeFile

_ALWAYS = ("purpose", "regime", "act", "area", "committee", "dpia", "sign", "workers", "view")
URBAN_SECURITY = "urban-security"  # needs the pact with the Prefect

SECOND = "second"  # nobody is there who could confirm what another proposes

Missing = tuple[str, ...]

# Who mends what is missing, one operation after the other; all else is stated by who commands.
_MENDED: Mapping[str, tuple[Operation, ...]] = {
    "masks": (Operation.POLICY_PROPOSE, Operation.POLICY_CONFIRM),
    "masks_set": (Operation.POLICY_APPLY,),
    "streams": (Operation.CAMERAS_APPLY,),
    "group": (Operation.PEOPLE_APPLY, Operation.PEOPLE_APPROVE),
    SECOND: (Operation.PEOPLE_APPLY, Operation.PEOPLE_APPROVE),
}


class Group(Protocol):
    """Of cameras."""

    @property
    def is_all(self) -> bool:
        """Also of those to come."""
        ...

    @property
    def cameras(self) -> frozenset[str]:
        """By id."""
        ...


def has_group(camera: Camera, groups: Iterable[Group]) -> bool:
    """Whether it is of one: else nobody may look at what it records."""
    return any(each.is_all or camera.id in each.cameras for each in groups)


def missing(camera: Camera, today: str, *, has_group: bool) -> Missing:
    """What keeps it from recording, by words of a page; nothing, and it may. `today`: the town's day, YYYY-MM-DD."""
    file = camera.file or PurposeFile()
    found = [name for name in _ALWAYS if not getattr(file, name).strip()]
    if file.purpose == URBAN_SECURITY:
        if not (file.pact.strip() and file.pact_until):
            found.append("pact")
        elif file.pact_until < today:
            found.append("pact_over")
    masks = camera.masks
    if masks is None:
        found.append("masks")
    elif masks.areas and not masks.is_set:
        found.append("masks_set")
    if not camera.streams:
        found.append("streams")
    if not has_group:
        found.append("group")
    return tuple(found)


def mended_by(word: str) -> tuple[Role, ...]:
    """Roles that mend what is missing, in the order in which they have to act; a technician is none of them."""
    found = [role for each in _MENDED.get(word, (Operation.POLICY_PROPOSE,)) for role in Role if role in TABLE[each]]
    return tuple(dict.fromkeys(role for role in found if role is not Role.TECHNICIAN))


def has_second(people: Iterable[frozenset[Role]]) -> bool:
    """Whether one of these may propose and another one confirm; each is the roles of one person who is there."""
    found = tuple(people)
    proposing = [at for at, roles in enumerate(found) if roles & TABLE[Operation.POLICY_PROPOSE].keys()]
    confirming = [at for at, roles in enumerate(found) if roles & TABLE[Operation.POLICY_CONFIRM].keys()]
    return any(one != other for one in proposing for other in confirming)
