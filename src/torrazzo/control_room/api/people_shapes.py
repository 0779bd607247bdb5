# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in people.ts, which tells what is not seen
"""What is taken and given about people, as web/src/core/api/people.ts has it."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from torrazzo.control_room.api.shapes import (
    Asks,
    DesignationSaid,
    Gives,
    Id,
    Line,
    LocalDate,
    NewPerson,
    Person,
    Text,
)
from torrazzo.law import Operation, Role

Kind = Literal["protocol", "contract"]
MOST_CAMERAS = 700  # of one group by name: more do not fit into a proposal
MOST_STATIONS = 32

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Designation(Gives):
    number: str
    date: str
    until: str  # the last day
    tasks: str


class Agreement(Gives):
    id: str
    kind: Kind
    organisation: str
    number: str
    until: str  # the last day
    operations: list[Operation]  # that a protocol allows
    cameras: list[str]  # of a protocol; none: those of each person's groups
    stations: list[str]  # their certificates, SHA-256 in hex; none: any station


class PersonDetail(Person):
    account: str
    roles: list[Role]
    groups: list[str]
    agreement: Agreement | None
    designation: Designation
    created: str
    certified: str
    certify_by: str
    used: str
    suspended: str | None
    why: str | None


class PersonChange(Gives):
    """By null: the program, or the owner of the home."""

    at: str
    what: list[str]
    by: Person | None
    why: str


class Reason(Asks):
    reason: Text


class CreatePerson(Asks):
    kind: Literal["person.create"]
    person: NewPerson
    roles: list[Role] = Field(max_length=len(Role))
    groups: list[Id] = Field(max_length=200)
    agreement: Id | None = None


class GiveRoles(Asks):
    kind: Literal["person.roles"]
    person: Id
    roles: list[Role] = Field(max_length=len(Role))
    groups: list[Id] = Field(max_length=200)


class Certify(Asks):
    """They still need what was given."""

    kind: Literal["person.certify"]
    person: Id


class Reinstate(Asks):
    kind: Literal["person.reinstate"]
    person: Id


class Designate(Asks):
    kind: Literal["person.designate"]
    person: Id
    designation: DesignationSaid


class NewLink(Asks):
    """A password anew; `is_all`: also device, passkeys and recovery codes are lost."""

    kind: Literal["person.link"]
    person: Id
    is_all: bool


class AddAgreement(Asks):
    """A protocol with a police force, a contract with a firm: on it hang the accounts of their people.

    `id`: of one that there is, as it is from then on: renewed, or with other operations.
    """

    kind: Literal["person.agreement"]
    id: Id | None = None
    agreement: Kind
    organisation: Line = Field(min_length=1)
    number: Line = Field(min_length=1)
    until: LocalDate
    operations: list[Operation] = Field(max_length=len(Operation))
    cameras: list[Id] = Field(default=[], max_length=MOST_CAMERAS)
    stations: list[Fingerprint] = Field(default=[], max_length=MOST_STATIONS)


class SaveGroup(Asks):
    """A group of cameras that is new, or as it is from then on for everybody who has it."""

    kind: Literal["person.group"]
    id: Id | None = None
    name: Line = Field(min_length=1, max_length=64)
    is_all: bool
    cameras: list[Id] = Field(max_length=MOST_CAMERAS)


Wanted = Annotated[
    CreatePerson | GiveRoles | Certify | Reinstate | Designate | NewLink | AddAgreement | SaveGroup,
    Field(discriminator="kind"),
]
OfPerson = GiveRoles | Certify | Reinstate | Designate | NewLink


class Propose(Asks):
    wanted: Wanted
    reason: Text


class Proposal(Gives):
    number: int
    kind: str
    wanted: dict[str, Any]
    proposer: Person
    reason: str
    proposed: str
    until: str
    state: str  # open, approved, refused, withdrawn, expired, done
    decider: Person | None
    answer: str | None
    decided: str | None


class Approved(Gives):
    """`token`: of a one-time link, for the person whom it is about; shown once."""

    proposal: Proposal
    token: str | None


class FewerCameras(Asks):
    """Those that stay."""

    cameras: list[Id] = Field(max_length=MOST_CAMERAS)
    reason: Text


class CameraGroup(Gives):
    id: str
    name: str
    is_all: bool
    cameras: list[str]
