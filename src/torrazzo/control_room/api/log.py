# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log, for the auditor and the DPO (LG-05): each question says why, and is a fact before it is answered.

Who commands has totals, with nobody's name, and no count by person anywhere (WK-03).
"""

import csv
import io
from collections.abc import Callable, Mapping

from starlette.responses import Response

from torrazzo.access.log_reviews import EACH, LogReview
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, SECOND, iso_from_ticks
from torrazzo.control_room.api.days import are_whole_days
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_law
from torrazzo.control_room.api.instants import stretch
from torrazzo.control_room.api.log_shapes import (
    CameraTotal,
    KindTotal,
    LogAnswer,
    LogAsked,
    LogRow,
    LogTotals,
    Review,
    ReviewAsked,
    Reviews,
    TotalsAsked,
)
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.api.shapes import Person
from torrazzo.evidence.act_log import PAGE, Answer, Question, Row
from torrazzo.law import Circumstances, Operation
from torrazzo.ledger.act_forms import KINDS

routes = Routes()

LONGEST = 366 * DAY
SELF_CONTROL = "self-control"  # for which of the reasons of the law who commands sees totals
LEAST_DAYS = 7  # of totals: those of one shift would be figures of who had it (WK-03)
MOST_ROWS = 20_000  # of one table
CSV = "text/csv"

_GROUPS: Mapping[str, frozenset[str]] = {
    "looks": frozenset({"view", "live", "still", "turn"}),
    "copies": frozenset({"ask", "approve", "reject", "export", "take", "hold", "confirm", "release", "end", "rekey"}),
    "access": frozenset({"auth", "deny", "log"}),
    "changes": frozenset({"cfg", "propose", "second", "fork", "trust"}),
    "room": frozenset({"shift", "room", "alarm"}),
}
_PROGRAMS = frozenset(KINDS) - frozenset().union(*_GROUPS.values())
_FIELDS = (
    "number", "at", "kind", "what", "why", "names", "person", "full_name", "station", "purpose", "reason", "case",
    "recipient", "cameras", "start", "end", "renews", "closed", "shown_s",
)  # fmt: skip


@routes.add(
    "POST", "/log", Logged.CONSULT, "log", Operation.LOGS_READ, LogAnswer, is_activity=True, is_told=True, asks_law=True
)
def ask_log(body: LogAsked, asked: Asking) -> LogAnswer:
    """A page of what answers, newest first."""
    question = _told(asked, body, "read")
    found = asked.room.act_log.ask(question, PAGE)
    row = _rows(asked.room)
    is_more = len(found.rows) == PAGE
    return LogAnswer(
        items=[row(each) for each in found.rows],
        matched=found.matched,
        untold=found.untold,
        unread=found.unread,
        oldest=None if found.oldest is None or found.oldest <= question.span.start else iso_from_ticks(found.oldest),
        is_forked=found.log != "act",
        size=found.size,
        next=(found.rows[-1].number or None) if is_more else None,
    )


@routes.add(
    "POST", "/log/table", Logged.DISCLOSE, "log", Operation.LOGS_READ, None,
    is_activity=True, is_told=True, asks_law=True, media=CSV,
)  # fmt: skip
def give_table(body: LogAsked, asked: Asking) -> Response:
    """All that answers, as a table (RFC 4180) with each entry's own line last, by which it can be proven."""
    question = _told(asked, body, "export")
    found = asked.room.act_log.ask(question, MOST_ROWS + 1)
    if len(found.rows) > MOST_ROWS:
        raise No("TOO_LARGE", f"more than {MOST_ROWS} entries: ask for less time at once")
    name = f"log-{body.since[:10]}-{body.until[:10]}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'.encode("ascii", "replace").decode()}
    return Response(_table(asked.room, found), media_type=CSV, headers=headers)


@routes.add("POST", "/log/totals", Logged.CONSULT, "log", Operation.LOGS_TOTALS, LogTotals, is_told=True)
def give_totals(body: TotalsAsked, asked: Asking) -> LogTotals:
    """How often what was done, and how often each camera was looked at, most often first: of whole days."""
    span = stretch(body.since, body.until, LONGEST)
    room = asked.room
    if not are_whole_days(span, LEAST_DAYS, room.settings.zone):
        raise No("NOT_VALID", fields={"until": f"totals are of {LEAST_DAYS} whole days and more"})
    room.told(room.staffing.reviews.read("totals", SELF_CONTROL, asked.by(f"time: {_span_text(span)}")))
    found = room.act_log.totals(span)
    names = {str(camera.id): camera.name for camera in room.all_cameras()}
    return LogTotals(
        kinds=[KindTotal(kind=kind, count=count) for kind, count in _most_first(found.kinds) if kind not in _PROGRAMS],
        cameras=[
            CameraTotal(camera=id_, name=names.get(id_, id_), looks=looks) for id_, looks in _most_first(found.cameras)
        ],
        unread=found.unread,
        oldest=None if found.oldest is None or found.oldest <= span.start else iso_from_ticks(found.oldest),
        is_forked=found.log != "act",
    )


@routes.add("GET", "/log/reviews", Logged.CONSULT, "log reviews", Operation.LOGS_READ, Reviews, asks_law=True)
def reviews(asked: Asking) -> Reviews:
    """Which were done, newest first, and when the next one is due."""
    found = asked.room.staffing.reviews.all()
    due = iso_from_ticks(found[0].at + EACH) if found else None
    return Reviews(items=[_review(asked.room, each) for each in found], due=due)


@routes.add("POST", "/log/reviews", Logged.CONSULT, "log reviews", Operation.LOGS_READ, Review, asks_law=True)
def review(body: ReviewAsked, asked: Asking) -> Review:
    """A review was done: of what, and what came out."""
    expect_law(asked, Operation.LOGS_READ, (), Circumstances(purpose=body.purpose))
    span = stretch(body.since, body.until, LONGEST)
    by = asked.by(body.text)
    done = asked.room.staffing.reviews.record(span, body.sample, body.outcome, body.purpose, by)
    return _review(asked.room, asked.room.told(done))


# -- parts


def _told(asked: Asked, body: LogAsked, what: str) -> Question:
    """What is asked, once the ledger has the fact of it."""
    expect_law(asked, Operation.LOGS_READ, (), Circumstances(purpose=body.purpose))
    span = stretch(body.since, body.until, LONGEST)
    room = asked.room
    person = None if body.person is None else room.staffing.accounts.account(body.person).name
    cameras = {str(camera.id): camera.name for camera in room.all_cameras()}
    if body.camera is not None and body.camera not in cameras:
        raise No("NOT_VALID", fields={"camera": "there is, and was, no such camera"})
    said = {
        "group": body.group,
        "time": _span_text(span),
        "person": person,
        "camera": None if body.camera is None else cameras[body.camera],
        "case": body.case,
        "page below": body.before,
        "note": body.note or None,
    }
    text = "; ".join(f"{key}: {value}" for key, value in said.items() if value is not None)
    room.told(room.staffing.reviews.read(what, body.purpose, asked.by(text)))
    kinds = None if body.group == "all" else _GROUPS.get(body.group, _PROGRAMS)
    return Question(span, kinds, person, body.camera, (body.case or "").strip() or None, body.before)


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _span_text(span: Span) -> str:
    return f"{iso_from_ticks(span.start)} to {iso_from_ticks(span.end)}"


def _rows(room: Room) -> Callable[[Row], LogRow]:
    """With the names of cameras and people as they are now."""
    cameras = {camera.id: camera.name for camera in room.all_cameras()}
    names = {account.name: account.full_name for account in room.staffing.accounts.all()}

    def row(found: Row) -> LogRow:
        values, who, close, wanted = found.act.values, found.who, found.close, found.wanted
        streams = [] if wanted is None else sorted(wanted.streams, key=str)
        shown = [] if close is None else [span for item in close.values["shown"] for span in item["spans"]]
        return LogRow(
            number=found.number,
            at=iso_from_ticks(found.act.t),
            kind=found.act.kind,
            what=_word(values, "what"),
            why=_word(values, "why"),
            cameras=list(dict.fromkeys(cameras.get(stream.camera, stream.camera) for stream in streams)),
            start=None if wanted is None else iso_from_ticks(wanted.span.start),
            end=None if wanted is None else iso_from_ticks(wanted.span.end),
            purpose=found.purpose,
            renews=values.get("renews"),
            closed=None if close is None else iso_from_ticks(close.t),
            shown_s=None if close is None else sum(end - start for start, end in shown) // SECOND,
            names=None if found.names is None else found.names.value,
            person=None if who is None else who.person,
            full_name=None if who is None else names.get(who.person),
            station=None if who is None else who.station,
            reason=None if who is None else who.reason,
            case=None if who is None else who.case,
            recipient=None if who is None else who.recipient,
        )

    return row


def _word(values: Mapping[str, object], key: str) -> str | None:
    found = values.get(key)
    return found if isinstance(found, str) else None


def _table(room: Room, found: Answer) -> bytes:
    """In order of the log; times in UTC."""
    text, row = io.StringIO(newline=""), _rows(room)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*_FIELDS, "fact"))
    for each in reversed(found.rows):
        told = row(each).model_dump()
        told["cameras"] = "; ".join(told["cameras"])
        writer.writerow((*(_cell(told[name]) for name in _FIELDS), each.act.line.decode("utf-8", "replace")))
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    """What a spreadsheet would take for a formula is text: people write reasons as they like."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _review(room: Room, found: LogReview) -> Review:
    names = {account.id: account.full_name for account in room.staffing.accounts.all()}
    return Review(
        number=found.number,
        person=Person(id=found.person, name=names.get(found.person, "")),
        at=iso_from_ticks(found.at),
        since=iso_from_ticks(found.since),
        until=iso_from_ticks(found.until),
        sample=found.sample,
        outcome=found.outcome,
        text=found.text,
    )
