# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People: seen, suspended at once by one, given anything by two: an administrator applies, who commands approves."""

from typing import cast

from pydantic import TypeAdapter

from torrazzo.access.account import CERTIFIED_FOR, Account
from torrazzo.access.four_eyes import Proposal
from torrazzo.access.staff import By, Denial
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.days import last_day
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.doors import act_of, new_account
from torrazzo.control_room.api.gate import Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.law import Operation, conflict

routes = Routes()

_WANTED: TypeAdapter[shapes.Wanted] = TypeAdapter(shapes.Wanted)


@routes.add("GET", "/people", Logged.CONSULT, "people", Operation.PEOPLE_SEE, shapes.Items[shapes.PersonDetail])
def people(asked: Asking) -> shapes.Items[shapes.PersonDetail]:
    """By account; also those that are suspended."""
    return shapes.Items(items=[_detail(asked.room, account) for account in asked.room.staffing.accounts.all()])


@routes.add("GET", "/people/{id}", Logged.CONSULT, "people", Operation.PEOPLE_SEE, shapes.PersonDetail)
def person(id: shapes.Id, asked: Asking) -> shapes.PersonDetail:  # noqa: A002 - the path's word
    """One."""
    return _detail(asked.room, asked.room.staffing.accounts.account(id))


@routes.add("POST", "/people/{id}/suspend", Logged.CONFIG, "people", Operation.PEOPLE_APPLY, shapes.PersonDetail)
def suspend(id: shapes.Id, body: shapes.Reason, asked: Asking) -> shapes.PersonDetail:  # noqa: A002 - the path's word
    """At once, and signed out: it takes away and gives nothing. Given back it is by two."""
    if id == asked.account.id:
        raise Denial("SAME_PERSON", "AC-09", "nobody suspends their own account")
    accounts = asked.room.staffing.accounts
    return _detail(asked.room, asked.room.told(accounts.suspend(id, asked.by(_reason(body.reason)))))


@routes.add(
    "GET", "/camera-groups", Logged.CONSULT, "camera groups", Operation.PEOPLE_SEE, shapes.Items[shapes.CameraGroup]
)
def camera_groups(asked: Asking) -> shapes.Items[shapes.CameraGroup]:
    """Which people may be given."""
    groups = asked.room.staffing.groups.all()
    return shapes.Items(items=[shapes.CameraGroup.model_validate(group.plain()) for group in groups])


# -- what needs two


@routes.add("GET", "/proposals", Logged.CONSULT, "proposals", Operation.PEOPLE_SEE, shapes.Items[shapes.Proposal])
def proposals(asked: Asking) -> shapes.Items[shapes.Proposal]:
    """About people, newest first."""
    found = [each for each in asked.room.staffing.four_eyes.all() if each.kind.startswith("person.")]
    return shapes.Items(items=[_shown(asked.room, each) for each in reversed(found)])


@routes.add("POST", "/proposals", Logged.CONFIG, "proposals", Operation.PEOPLE_APPLY, shapes.Proposal)
def propose(body: shapes.Propose, asked: Asking) -> shapes.Proposal:
    """Looked through first: what cannot be done is not proposed."""
    _check(asked.room, body.wanted)
    what = body.wanted.model_dump(mode="json")
    done = asked.room.staffing.four_eyes.propose(body.wanted.kind, what, asked.by(body.reason))
    return _shown(asked.room, asked.room.told(done))


@routes.add("POST", "/proposals/{number}/approve", Logged.CONFIG, "people", Operation.PEOPLE_APPROVE, shapes.Approved)
def approve(number: shapes.Number, body: shapes.Reason, asked: Asking) -> shapes.Approved:
    """By another person than who proposed it; it is done on return."""
    room, four_eyes = asked.room, asked.room.staffing.four_eyes
    _check(room, _wanted(_proposal(room, number)))
    found = room.told(four_eyes.approve(number, asked.by(body.reason)))
    wanted = _wanted(four_eyes.check(number, found.what))
    token = _apply(room, wanted, _hand(room, found, wanted, asked.by(f"proposal {number}: {body.reason}")))
    done = room.told(four_eyes.done(number, asked.by(f"proposal {number} is done")))
    return shapes.Approved(proposal=_shown(room, done), token=token)


@routes.add("POST", "/proposals/{number}/refuse", Logged.CONFIG, "proposals", Operation.PEOPLE_APPROVE, shapes.Proposal)
def refuse(number: shapes.Number, body: shapes.Reason, asked: Asking) -> shapes.Proposal:
    """By another person than who proposed it."""
    _proposal(asked.room, number)
    done = asked.room.staffing.four_eyes.refuse(number, asked.by(body.reason))
    return _shown(asked.room, asked.room.told(done))


@routes.add("POST", "/proposals/{number}/withdraw", Logged.CONFIG, "proposals", Operation.PEOPLE_APPLY, shapes.Proposal)
def withdraw(number: shapes.Number, asked: Asking) -> shapes.Proposal:
    """By who proposed it."""
    _proposal(asked.room, number)
    done = asked.room.staffing.four_eyes.withdraw(number, asked.by("withdraws it"))
    return _shown(asked.room, asked.room.told(done))


# -- parts


def _proposal(room: Room, number: int) -> Proposal:
    found = next((each for each in room.staffing.four_eyes.all() if each.number == number), None)
    if found is None or not found.kind.startswith("person."):
        raise No("NOT_FOUND")
    return found


def _wanted(found: Proposal) -> shapes.Wanted:
    return _WANTED.validate_python(found.what)


def _check(room: Room, wanted: shapes.Wanted) -> None:
    """Raises what doing it would raise."""
    now, accounts = room.staffing.staff.clock.utc(), room.staffing.accounts
    if isinstance(wanted, shapes.CreatePerson):
        new_account(room, wanted.person).checked(now)
        if any(each.name == wanted.person.account for each in accounts.all()):
            raise No("CONFLICT", f"there is, or was, an account {wanted.person.account}: choose another name")
    else:
        accounts.account(wanted.person)
    if isinstance(wanted, shapes.Designate):
        act_of(room, wanted.designation).checked(now)
    if isinstance(wanted, shapes.CreatePerson | shapes.GiveRoles):
        decision = conflict(set(wanted.roles))
        if not decision:
            raise Denial(decision.code, decision.clause, "one person never has these roles together")
        if unknown := set(wanted.groups) - {group.id for group in room.staffing.groups.all()}:
            raise No("NOT_VALID", fields={"wanted.groups": f"there is no group {min(unknown)}"})


def _hand(room: Room, found: Proposal, wanted: shapes.Wanted, approver: By) -> By:
    """Whose hand does it: who approves it, but for what is about themselves; then who applied for it."""
    if isinstance(wanted, shapes.CreatePerson) or wanted.person != approver.id:
        return approver
    proposer = room.staffing.accounts.account(found.proposer)
    return approver._replace(name=proposer.name, id=proposer.id)


def _apply(room: Room, wanted: shapes.Wanted, by: By) -> str | None:
    """Do it; the token of a link, if one comes of it."""
    accounts, links = room.staffing.accounts, room.staffing.links
    match wanted:
        case shapes.CreatePerson():
            account = room.told(accounts.create(new_account(room, wanted.person), by))
            room.told(accounts.give(account.id, set(wanted.roles), set(wanted.groups), by))
            return room.told(links.make(account.id, by))
        case shapes.NewLink():
            return room.told(links.make(wanted.person, by, is_all=wanted.is_all))
        case shapes.GiveRoles():
            room.told(accounts.give(wanted.person, set(wanted.roles), set(wanted.groups), by))
        case shapes.Certify():
            room.told(accounts.certify(wanted.person, by))
        case shapes.Reinstate():
            room.told(accounts.reinstate(wanted.person, by))
        case shapes.Designate():
            room.told(accounts.designate(wanted.person, act_of(room, wanted.designation), by))
    return None


def _reason(text: str) -> str:
    if not text.strip():
        raise No("REASON_REQUIRED", "say why")
    return text


def _detail(room: Room, account: Account) -> shapes.PersonDetail:
    act, zone = account.designation, room.settings.zone
    return shapes.PersonDetail(
        id=account.id,
        name=account.full_name,
        account=account.name,
        roles=sorted(account.roles),
        groups=sorted(account.groups),
        designation=shapes.Designation(
            number=act.number, date=act.date, until=last_day(act.ends, zone), tasks=act.tasks
        ),
        created=iso_from_ticks(account.created),
        certified=iso_from_ticks(account.certified),
        certify_by=iso_from_ticks(account.certified + CERTIFIED_FOR),
        used=iso_from_ticks(account.used),
        suspended=None if account.suspended is None else iso_from_ticks(account.suspended),
        why=account.why,
    )


def _shown(room: Room, found: Proposal) -> shapes.Proposal:
    names = {account.id: account.full_name for account in room.staffing.accounts.all()}

    def person(id_: str) -> shapes.Person:
        return shapes.Person(id=id_, name=names.get(id_, ""))

    return shapes.Proposal(
        number=found.number,
        kind=found.kind,
        wanted=cast("dict[str, object]", dict(found.what)),
        proposer=person(found.proposer),
        reason=found.reason,
        proposed=iso_from_ticks(found.proposed),
        until=iso_from_ticks(found.until),
        state=found.state,
        decider=None if found.decider is None else person(found.decider),
        answer=found.answer,
        decided=None if found.decided is None else iso_from_ticks(found.decided),
    )
