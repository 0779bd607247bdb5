# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in types.ts, which tells what is not seen
"""What is taken and given, as web/src/core/api/types.ts has it."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from torrazzo.law import Operation, Role

T = TypeVar("T")

Line = Annotated[str, StringConstraints(max_length=200)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(max_length=4_000)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Number = Annotated[int, Field(ge=1, le=2**53)]
LocalDate = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Language = Literal["it", "en"]
Theme = Literal["system", "light", "dark"]


class Asks(BaseModel):
    """A body: nothing but what is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Gives(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Items(Gives, Generic[T]):
    """A list."""

    items: list[T]


class Problem(Gives):
    """RFC 9457; `code` is stable."""

    status: int
    code: str
    title: str
    detail: str | None = None
    until: str | None = None
    since: str | None = None
    csrf: str | None = None
    fields: dict[str, str] | None = None
    clause: str | None = None
    most: int | None = None
    missing: list[str] | None = None


class Town(Gives):
    """What the page has to know before anybody signs in."""

    name: str
    zone: str
    provider: str | None  # the name of another way to sign in
    first_run: bool
    demo: bool


# -- ways in


class SignIn(Asks):
    name: Name
    password: Password


class NewPassword(Asks):
    password: Password


class ChangedPassword(Asks):
    old: Password
    new: Password


class GivenCode(Asks):
    code: Code


class GivenToken(Asks):
    token: Token


class TokenAndPassword(Asks):
    token: Token
    password: Password


class Credential(Asks):
    """Of the browser, as JSON."""

    credential: dict[str, Any]


class NewPasskey(Credential):
    name: Name


class SignInStep(Gives):
    step: Literal["totp", "passkey", "elsewhere", "change-password", "enrol", "done"]
    also: list[Literal["totp", "passkey", "recovery"]]
    other: str | None
    csrf: str
    is_told: bool  # false: the ledger is away, and hears of this sign-in later


class Options(Gives):
    """For `navigator.credentials`."""

    options: dict[str, Any]


class FirstRun(Gives):
    next: Role | None


class LinkFor(Gives):
    name: str


class Totp(Gives):
    secret: str
    uri: str


class Enrolment(Gives):
    totp: Totp


class ShownAgain(Gives):
    """The session goes on by another token."""

    csrf: str


class RecoveryCodes(Gives):
    """Shown once; empty where there were some already."""

    codes: list[str]


class DesignationSaid(Asks):
    number: Line
    date: LocalDate
    until: LocalDate
    tasks: Text | None = None


class NewPerson(Asks):
    name: Line
    account: Name
    designation: DesignationSaid


class FirstPerson(NewPerson):
    token: Token
    role: Role
    password: Password


# -- one's own


class Person(Gives):
    id: str
    name: str


class ProposalOfCamera(Gives):
    """That waits for a second person."""

    number: int
    proposer: Person
    reason: str
    proposed: str
    until: str


class Wishes(Gives):
    language: Language | None
    theme: Theme | None


class SomeWishes(Asks):
    language: Language | None = None
    theme: Theme | None = None


class Shift(Gives):
    id: str
    person: Person
    opened: str
    reason: str


class Me(Gives):
    town: Town
    person: Person
    roles: list[Role]
    permissions: list[Operation]
    shift: Shift | None
    csrf: str
    idle_s: int
    until: str
    leave: str | None  # where the browser goes after signing out: the provider's session ends there
    wishes: Wishes


class Passkey(Gives):
    id: str
    name: str
    created: str


class MyProvider(Gives):
    name: str
    bound: bool  # this person comes in by it


class MyWays(Gives):
    password: bool
    totp: bool
    passkeys: list[Passkey]
    recovery_codes: int  # that are left
    provider: MyProvider | None
    again: bool  # before one is changed, its person shows again who it is


class MySession(Gives):
    method: str  # code, passkey, recovery, link, password
    station: str
    address: str
    opened: str
    seen: str
    ended: str | None
    why: str | None  # out, expired, taken, suspended, changed
    is_this: bool


# -- shifts


class OpenShift(Asks):
    reason: Text
    takes: Number | None = None  # of one that was handed over; else the newest of those
    alarms: list[Number] | None = Field(default=None, max_length=1_000)  # that were shown, and are taken over


class CloseShift(Asks):
    note: Text
    alarms: list[Number] | None = Field(default=None, max_length=1_000)  # that were shown, and are left to the next


class LastShift(Gives):
    person: Person
    closed: str
    note: str


class ShiftState(Gives):
    current: Shift | None
    previous: LastShift | None


class OneShift(Shift):
    closed: str | None
    why: str | None  # hand-over, close, forgotten
    note: str | None
    takes: str | None


# -- system


class Gap(Gives):
    start: str = Field(alias="from")
    end: str | None = Field(alias="to")
    why: str


class StreamState(Gives):
    name: str
    state: str
    why: str | None
    since: str | None
    age_s: float | None
    gaps: list[Gap]


class CameraState(Gives):
    id: str
    name: str
    place: str
    synthetic: bool
    enabled: bool
    streams: list[StreamState]


class RecorderState(Gives):
    state: str  # running, waits, down
    keys_hours_left: int | None
    queue_s: float | None


class DiskState(Gives):
    path: str
    state: str  # ok, away, failed, unknown
    free: int | None
    size: int | None
    days_left: float | None


class ClockState(Gives):
    state: str  # trusted, untrusted, unknown
    source: str | None
    offset_ms: float | None


class WitnessState(Gives):
    name: str
    away_s: float | None
    own: bool


class LedgerState(Gives):
    state: str  # running, refused, starting, down
    why: str | None
    since: str | None  # when it gave no answer first
    waiting: int | None
    witnesses: list[WitnessState]


class RetentionState(Gives):
    state: str  # on-time, late, unknown
    hours: int
    oldest: str | None
    last_erased: str | None


class KeyringState(Gives):
    state: str  # running, down
    level: str | None


class AlarmNote(Gives):
    what: str  # acknowledged, note, left, took
    person: Person
    at: str
    text: str
    shift: str | None


class AlarmMember(Gives):
    id: str
    name: str
    over: bool
    why: str  # a cause, where it is known
    seconds: float  # so much is missing; 0: that is not what it is about


class Alarm(Gives):
    id: str
    code: str
    place: str
    name: str
    priority: int  # 1 at once, 2 today, 3 to know
    values: dict[str, str | int | float | None]
    text: str
    state: str  # new, acknowledged, over
    began: str
    rung: str
    over: str | None
    came: int
    taker: Person | None
    taken: str | None
    members: list[AlarmMember]
    notes: list[AlarmNote]


class SystemState(Gives):
    now: str
    recorder: RecorderState
    cameras: list[CameraState]
    disks: list[DiskState]
    clock: ClockState
    ledger: LedgerState
    retention: RetentionState
    keyring: KeyringState
    alarms: list[Alarm]
