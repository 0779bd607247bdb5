# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies that leave the house (EV-01, EV-02): asked for, approved, prepared, handed out, each by whom it is for.

Three lists for three kinds of people, so that each has one operation of the matrix. A package and its report are given
to who prepared them and to nobody else; the fact is in the ledger before their first byte.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from starlette.responses import Response, StreamingResponse

from torrazzo.access.account import Account
from torrazzo.access.asks import Step
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import exports_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_law, expect_purpose
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Items, Number, Person
from torrazzo.control_room.exports import Export, Exports, Gone, NotInState
from torrazzo.control_room.looks import Absent
from torrazzo.control_room.people_app import span_of, streams_of
from torrazzo.control_room.told import NotAllowed
from torrazzo.law import Circumstances, Operation, decide
from torrazzo.law.reason import check_reason
from torrazzo.ledger.private import Private

routes = Routes()

T = TypeVar("T")

ASK, APPROVE, PREPARE = Operation.COPY_ASK, Operation.COPY_APPROVE, Operation.COPY_PREPARE
TYPE = "application/vnd.etsi.asic-e+zip"
PDF = "application/pdf"

# -- lists


@routes.add("GET", "/exports/asked", Logged.CONSULT, "exports", ASK, Items[shapes.Export], asks_law=True)
def asked_for(asked: Asking) -> Items[shapes.Export]:
    """One's own."""
    return _listed(asked, lambda export: export.asker == asked.account.name)


@routes.add("GET", "/exports/to-approve", Logged.CONSULT, "exports", APPROVE, Items[shapes.Export])
def to_approve(asked: Asking) -> Items[shapes.Export]:
    """All of one's cameras: what waits for an answer, and what was answered."""
    return _listed(asked, lambda _: True)


@routes.add("GET", "/exports/to-prepare", Logged.CONSULT, "exports", PREPARE, Items[shapes.Export], asks_law=True)
def to_prepare(asked: Asking) -> Items[shapes.Export]:
    """Those that this person is to make, or made."""
    return _listed(asked, lambda export: asked.account.name in export.makers)


def _listed(asked: Asked, is_shown: Callable[[Export], bool]) -> Items[shapes.Export]:
    room = asked.room
    scope, accounts = room.staffing.accounts.scope(asked.account), room.staffing.accounts.all()
    found = exports_of(room).all([account.name for account in accounts])
    shown = [each for each in found if is_shown(each) and scope.has(_cameras(each))]
    return Items(items=[_told(asked, each, accounts) for each in shown])


# -- asking, answering


@routes.add("POST", "/exports", Logged.DISCLOSE, "exports", ASK, shapes.ExportNumber, asks_law=True)
def ask_export(body: shapes.ExportAsked, asked: Asking) -> shapes.ExportNumber:
    """Nothing is made of it before another person approves."""
    room, case = asked.room, _case(body.case)
    expect_law(asked, ASK, body.cameras, Circumstances(purpose=body.purpose, reason=body.reason, case=case))
    expect_purpose(asked, ASK, body.cameras, body.purpose)
    streams, span = wanted_of(room, body)
    recipient = " ".join(body.recipient.split()) or None
    who = who_of(asked, body.reason, case)._replace(recipient=recipient)
    ask = plainly(lambda: exports_of(room).ask(who, streams, span, body.purpose, body.recipient_class))
    return shapes.ExportNumber(number=ask)


@routes.add("POST", "/exports/{number}/approve", Logged.DISCLOSE, "exports", APPROVE, None, asks_law=True)
def approve_export(number: Number, body: shapes.ExportAnswered, asked: Asking) -> None:
    """And say who makes it: an officer of judicial police or an extractor, never who approves."""
    export = _expected(asked, number, APPROVE, body.reason)
    makers = _makers(asked, export, asked.room.staffing.accounts.all())
    maker = next((account for account in makers if account.id == body.maker), None)
    if maker is None:
        raise No("MAKER_REQUIRED", "say who makes the copy: an officer or an extractor", fields={"maker": "missing"})
    name = None if maker.name == export.asker else maker.name
    plainly(lambda: exports_of(asked.room).approve(who_of(asked, body.reason), export, name))


@routes.add("POST", "/exports/{number}/refuse", Logged.DISCLOSE, "exports", APPROVE, None, asks_law=True)
def refuse_export(number: Number, body: shapes.Said, asked: Asking) -> None:
    """Nothing is made of it any more."""
    export = _expected(asked, number, APPROVE, body.reason)
    plainly(lambda: exports_of(asked.room).reject(who_of(asked, body.reason), export))


@routes.add("POST", "/exports/{number}/withdraw", Logged.DISCLOSE, "exports", ASK, None, asks_law=True)
def withdraw_export(number: Number, asked: Asking) -> None:
    """By who asked."""
    export = _one(asked, number)
    if export.asker != asked.account.name:
        raise No("NOT_FOUND", "you did not ask for this")
    plainly(lambda: exports_of(asked.room).reject(who_of(asked, "ritirata da chi l’ha chiesta"), export))


# -- making, taking


@routes.add("POST", "/exports/{number}/prepare", Logged.DISCLOSE, "exports", PREPARE, None, asks_law=True)
def prepare_export(number: Number, asked: Asking) -> None:
    """The worker makes the package; its progress is in the list."""
    export = _mine(asked, number)
    plainly(lambda: exports_of(asked.room).prepare(export, asked.account.name))


@routes.add("POST", "/exports/{number}/cancel", Logged.DISCLOSE, "exports", PREPARE, None, asks_law=True)
def cancel_export(number: Number, asked: Asking) -> None:
    """It ends, and leaves nothing; it may be prepared again."""
    export = _mine(asked, number)
    plainly(lambda: exports_of(asked.room).cancel(export))


@routes.add(
    "GET", "/exports/{number}/package", Logged.DISCLOSE, "exports", PREPARE, None,
    is_activity=True, is_told=True, asks_law=True, media=TYPE,
)  # fmt: skip
def take_package(number: Number, asked: Asking) -> Response:
    """Its bytes; each time it is given is a fact."""
    export = _mine(asked, number)
    parts: Iterator[bytes] = plainly(lambda: exports_of(asked.room).package(_taker(asked, export), export))
    size = str((export.job or {})["result"]["bytes"])
    name = f"torrazzo-{number}.asice{'.age' if export.ask.key else ''}"
    return StreamingResponse(parts, media_type=TYPE, headers={**_saved_as(name), "content-length": size})


@routes.add(
    "GET", "/exports/{number}/report", Logged.DISCLOSE, "exports", PREPARE, None,
    is_activity=True, is_told=True, asks_law=True, media=PDF,
)  # fmt: skip
def take_report(number: Number, asked: Asking) -> Response:
    """The hand-over report, to be signed on paper; likewise."""
    export = _mine(asked, number)
    found = plainly(lambda: exports_of(asked.room).report(_taker(asked, export), export))
    return Response(found, media_type=PDF, headers=_saved_as(f"torrazzo-{number}.pdf"))


def _saved_as(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


# -- within


def exports_of(room: Room) -> Exports:
    """Raises where this process has none."""
    if room.exports is None:
        raise No("AWAY", "copies are not made here")
    return room.exports


def plainly(work: Callable[[], T]) -> T:
    """Do it; what the page has words for is raised by its code."""
    try:
        return work()
    except Absent as error:
        raise No("NOTHING_RECORDED", str(error)) from error
    except NotAllowed as error:
        raise No("HELD_ONLY", str(error)) from error
    except Gone as error:
        raise No("PACKAGE_GONE", str(error)) from error
    except NotInState as error:
        raise No("NOT_NOW", str(error)) from error


def who_of(asked: Asked, reason: str, case: str | None = None) -> Private:
    """For a fact's private part; raises `No` for a reason that is none."""
    said = check_reason(reason)
    if not said:
        raise No(said.code, "say in a few words why", clause=said.clause)
    by = asked.by(" ".join(reason.split()))
    return Private(by.name, by.reason, case, by.station)


def wanted_of(room: Room, body: shapes.ExportAsked | shapes.HoldAsked) -> tuple[Sequence[StreamId], Span]:
    """Streams and span."""
    said = {"cameras": body.cameras, "stream": body.stream, "from": body.start, "to": body.end}
    streams = streams_of(said, room.cameras())
    try:
        return streams, span_of(said, room.settings.zone, room.clock)
    except Invalid as error:
        field = "from" if str(error).startswith("from ") else "to"
        raise No("NOT_VALID", str(error), fields={field: str(error)[:200]}) from error


def names_of(room: Room, streams: Sequence[StreamId]) -> list[shapes.Named]:
    """Of their cameras; a removed one has its id for a name."""
    names: Mapping[str, str] = {str(camera.id): camera.name for camera in room.all_cameras()}
    return [shapes.Named(id=id_, name=names.get(id_, id_)) for id_ in sorted({str(each.camera) for each in streams})]


def _case(said: str) -> str | None:
    return " ".join(said.split()) or None


def _cameras(export: Export) -> list[str]:
    return [str(stream.camera) for stream in export.ask.wanted.streams]


def _one(asked: Asked, number: int) -> Export:
    people = [account.name for account in asked.room.staffing.accounts.all()]
    try:
        return exports_of(asked.room).one(number, people)
    except Invalid as error:
        raise No("NOT_FOUND", str(error)) from error


def _expected(asked: Asked, number: int, operation: Operation, reason: str) -> Export:
    """The one that is to be answered; by somebody else than who asked."""
    export = _one(asked, number)
    is_own = export.asker == asked.account.name
    expect_law(asked, operation, _cameras(export), Circumstances(reason=reason, by_self=is_own))
    return export


def _mine(asked: Asked, number: int) -> Export:
    """The one that this person is to make."""
    export = _one(asked, number)
    if asked.account.name not in export.makers or export.ask.rejections:
        raise No("NOT_FOUND", "this is not for you to make")
    private = export.ask.asked.private
    said = Circumstances(
        purpose=export.ask.purpose,
        reason=None if private is None else private.reason,
        case=None if private is None else private.case,
    )
    expect_law(asked, PREPARE, _cameras(export), said)
    return export


def _makers(asked: Asked, export: Export, accounts: Sequence[Account]) -> list[Account]:
    """Who could make it: never who answers now."""
    room, now = asked.room, asked.room.clock.utc()
    said = Circumstances(purpose="crime", reason="una copia che fu chiesta", case="1")
    return [
        account
        for account in accounts
        if account.id != asked.account.id
        and account.is_active(now)
        and decide(account.roles, PREPARE, said)
        and room.staffing.accounts.scope(account).has(_cameras(export))
    ]


def _taker(asked: Asked, export: Export) -> Private:
    private = export.ask.asked.private
    case = None if private is None else private.case
    recipient = None if private is None else private.recipient
    return who_of(asked, "consegna della copia preparata", case)._replace(recipient=recipient)


# -- what is told


def _told(asked: Asked, export: Export, accounts: Sequence[Account]) -> shapes.Export:
    ask, private = export.ask, export.ask.asked.private
    people = {account.name: Person(id=account.id, name=account.full_name) for account in accounts}
    can_approve = Operation.COPY_APPROVE in _operations(asked.account)
    makers = _makers(asked, export, accounts) if can_approve and export.state in _OPEN else []
    return shapes.Export.model_validate({
        "number": ask.number,
        "state": export.state,
        "asked": _step(ask.asked, people),
        "cameras": names_of(asked.room, list(ask.wanted.streams)),
        "stream": next(iter(ask.wanted.streams)).name,
        "from": iso_from_ticks(ask.wanted.span.start),
        "to": iso_from_ticks(ask.wanted.span.end),
        "purpose": ask.purpose,
        "recipient_class": ask.to,
        "recipient": None if private is None else private.recipient,
        "is_for_key": ask.key is not None,
        "case": None if private is None else private.case,
        "approval": None if export.approval is None else _step(export.approval, people),
        "maker": people.get(export.makers[0]) if export.makers else None,
        "rejection": _step(ask.rejections[-1], people) if ask.rejections else None,
        "makers": [people[account.name] for account in makers],
        "job": _job(export),
        "result": _result(export),
        "takings": [_step(each, people) for each in ask.takings],
    })  # fmt: skip


_OPEN = frozenset({"asked", "approved", "failed", "cancelled"})


def _operations(account: Account) -> set[Operation]:
    return {each for each in (APPROVE,) if decide(account.roles, each)}


def _step(step: Step, people: Mapping[str, Person]) -> shapes.Step:
    private = step.private
    person = None if private is None else private.person
    name = None if person is None else people[person].name if person in people else person
    return shapes.Step(at=iso_from_ticks(step.t), by=name, reason=None if private is None else private.reason)


def _job(export: Export) -> shapes.ExportJob | None:
    if export.job is None:
        return None
    step, _, waits = str(export.job["step"]).partition(": waits: ")
    error = export.job["error"]
    return shapes.ExportJob(
        id=str(export.job["id"]),
        step=step,
        waits=bool(waits),
        done=float(export.job["done"]),
        error=None if error is None else str(error),
    )


def _result(export: Export) -> shapes.ExportResult | None:
    result = None if export.job is None else export.job["result"]
    if export.state != "done" or not result:
        return None
    left_out = [f"{stream}: {why}" for stream, why in result["left_out"].items()]
    return shapes.ExportResult(
        bytes=result["bytes"],
        sha256=result["sha256"],
        verified=result["verdict"] == "verified",
        losses=[*result["losses"], *left_out],
        has_report=bool(result["report"]),
    )
