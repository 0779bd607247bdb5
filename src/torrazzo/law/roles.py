# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roles, operations, and the one table of both (AC-02).

A cell is `-`, or what has to hold beside the role, joined by `+`:

yes         nothing more
reason      a purpose of the list, and a reason in words (LG-02)
check       one of the four reasons for which logs may be read (LG-05)
shift       a shift is open, with its standing reason (LG-02)
event       something happened that is named: an alarm, what was seen; or a case
case        a case that was opened
protocol    a protocol in force, the operation among those that it allows (AC-06)
option      the same, and by itself a protocol does not allow it
supervised  an operator is there and has opened this (AC-07)
request     a request was registered for it (RQ-01)
title       a request or a case stands behind it (EV-02)
other       somebody else did the step before (AC-02)
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a designation makes of a person."""

    TITOLARE = "titolare"  # the mayor, an assessor
    DESIGNATO = "designato"  # who runs the system for the town: the commander
    OPERATOR = "operator"
    PG_OFFICER = "pg-officer"  # of judicial police
    EXTRACTOR = "extractor"  # prepares copies
    POLICE = "police"  # of the State, by a protocol
    ADMIN = "admin"
    TECHNICIAN = "technician"
    DPO = "dpo"
    AUDITOR = "auditor"
    DESK = "desk"  # front desk


class Operation(StrEnum):
    """What may be allowed to one and not to another."""

    LIVE = "live"
    VIEW = "view"  # one picture, now, of a camera as it is: to draw what it hides, to align it
    PTZ = "ptz"
    PLAYBACK = "playback"
    STILL = "still"
    HOLD_PLACE = "hold.place"
    HOLD_ASK = "hold.ask"
    HOLD_CONFIRM = "hold.confirm"
    HOLD_OPINION = "hold.opinion"
    COPY_ASK = "copy.ask"
    COPY_PREPARE = "copy.prepare"
    COPY_APPROVE = "copy.approve"
    POLICY_PROPOSE = "policy.propose"  # masks, retention, and what else the policy says
    POLICY_CONFIRM = "policy.confirm"
    POLICY_APPLY = "policy.apply"
    POLICY_OPINION = "policy.opinion"
    PEOPLE_APPROVE = "people.approve"
    PEOPLE_APPLY = "people.apply"
    PEOPLE_SEE = "people.see"
    LOGS_TOTALS = "logs.totals"
    LOGS_READ = "logs.read"
    REQUEST = "request"  # is registered
    DELETE = "delete"
    ERASE_SEE = "erase.see"
    ERASE_ASK = "erase.ask"  # an hour of one camera goes before its time, as RT-06 alone allows it
    ERASE_CONFIRM = "erase.confirm"
    ERASE_OPINION = "erase.opinion"
    REPORTS = "reports"
    CAMERAS_SEE = "cameras.see"  # names, places, states; no pictures
    CAMERAS_APPLY = "cameras.apply"
    STATE_SEE = "state.see"
    ALARMS_SEE = "alarms.see"
    ALARMS_TAKE = "alarms.take"
    SHIFT = "shift"  # is opened, handed over, closed
    SHIFTS_SEE = "shifts.see"
    ROOM = "room"  # its register, its curtain
    SUPERVISE = "supervise"  # a technician's session is opened, taken over, closed


# What shows or moves a camera, or what it recorded.
MEDIA = frozenset(
    {
        Operation.LIVE,
        Operation.VIEW,
        Operation.PTZ,
        Operation.PLAYBACK,
        Operation.STILL,
        Operation.COPY_PREPARE,
        Operation.DELETE,
    }
)

_TABLE = """
                titolare designato operator     pg-officer extractor police   admin technician dpo   auditor desk

live            -        reason    shift        case       -         protocol -     -          -     -       -
view            -        reason    -            reason     -         -        -     supervised -     -       -
ptz             -        -         yes          -          -         option   -     supervised -     -       -
playback        -        reason    event+reason case       case      -        -     -          -     -       -
still           -        reason    event+reason case       case      -        -     -          -     -       -
hold.place      -        yes       yes          yes        -         -        -     -          -     -       request
hold.ask        -        -         -            -          -         yes      -     -          -     -       -
hold.confirm    -        yes       -            yes        -         -        -     -          -     -       -
hold.opinion    -        -         -            -          -         -        -     -          yes   -       -
copy.ask        -        -         yes          yes        yes       -        -     -          -     -       -
copy.prepare    -        -         -            yes        yes       -        -     -          -     -       -
copy.approve    -        yes       -            -          -         -        -     -          -     -       -
policy.propose  -        yes       -            -          -         -        -     -          -     -       -
policy.confirm  -        other     -            other      -         -        -     -          -     -       -
policy.apply    -        -         -            -          -         -        yes   -          -     -       -
policy.opinion  -        -         -            -          -         -        -     -          yes   -       -
people.approve  -        other     -            -          -         -        -     -          -     -       -
people.apply    -        -         -            -          -         -        yes   -          -     -       -
people.see      -        yes       -            -          -         -        yes   -          yes   yes     -
logs.totals     -        yes       -            -          -         -        -     -          -     -       -
logs.read       -        -         -            -          -         -        -     -          check check   -
request         -        yes       yes          yes        -         yes      -     -          yes   -       yes
delete          -        -         -            -          -         -        -     -          -     -       -
erase.see       -        yes       -            yes        -         -        -     -          yes   yes     -
erase.ask       -        yes       -            -          -         -        -     -          -     -       -
erase.confirm   -        other     -            other      -         -        -     -          -     -       -
erase.opinion   -        -         -            -          -         -        -     -          yes   -       -

reports         yes      yes       -            -          -         -        -     -          yes   yes     -
cameras.see     -        yes       yes          yes        yes       protocol yes   supervised yes   yes     yes
cameras.apply   -        -         -            -          -         -        yes   supervised -     -       -
state.see       -        yes       yes          yes        yes       -        yes   supervised yes   yes     -
alarms.see      -        yes       yes          yes        -         -        yes   -          -     -       -
alarms.take     -        yes       shift        -          -         -        yes   -          -     -       -
shift           -        -         yes          -          -         -        -     -          -     -       -
shifts.see      -        yes       yes          -          -         -        -     -          -     -       -
room            -        yes       yes          -          -         -        -     -          -     -       -
supervise       -        -         shift        -          -         -        -     -          -     -       -
"""

NOTHING = "-"


def _read(table: str) -> Mapping[Operation, Mapping[Role, frozenset[str]]]:
    head, *rows = (line.split() for line in table.splitlines() if line)
    roles = [Role(name) for name in head]
    return {
        Operation(name): {
            role: frozenset(cell.split("+")) for role, cell in zip(roles, cells, strict=True) if cell != NOTHING
        }
        for name, *cells in rows
    }


TABLE = _read(_TABLE)  # operation → role → what has to hold; a role that is not there has nothing


def sees_media(role: Role) -> bool:
    """Whether a picture can ever come before somebody of this role."""
    return any(role in TABLE[operation] for operation in MEDIA)
