# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People: seen, suspended at once by one, given anything by two: an administrator applies, who commands approves."""

from typing import cast

from pydantic import TypeAdapter

from torrazzo.access.account import CERTIFIED_FOR, Account, Agreement, checked_agreement
from torrazzo.access.accounts import expect_agreement, expect_designation
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.four_eyes import Proposal
from torrazzo.access.staff import By, Denial
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import people_shapes, shapes
from torrazzo.control_room.api.days import end_of_day, last_day
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.doors import act_of, new_account
from torrazzo.control_room.api.gate import Asking
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.law import Operation, conflict

routes = Routes()

APPLY = Operation.PEOPLE_APPLY

_WANTED: TypeAdapter[people_shapes.Wanted] = TypeAdapter(people_shapes.Wanted)


@routes.add("GET", "/people", Logged.CONSULT, "people", Operation.PEOPLE_SEE, shapes.Items[people_shapes.PersonDetail])
def people(asked: Asking) -> shapes.Items[people_shapes.PersonDetail]:
    """By account; also those that are suspended."""
    return shapes.Items(items=[_detail(asked.room, account) for account in asked.room.staffing.accounts.all()])


@routes.add("GET", "/people/{id}", Logged.CONSULT, "people", Operation.PEOPLE_SEE, people_shapes.PersonDetail)
def person(id: shapes.Id, asked: Asking) -> people_shapes.PersonDetail:  # noqa: A002 - the path's word
    """One."""
    return _detail(asked.room, asked.room.staffing.accounts.account(id))


@routes.add("POST", "/people/{id}/suspend", Logged.CONFIG, "people", Operation.PEOPLE_APPLY, people_shapes.PersonDetail)
def suspend(id: shapes.Id, body: people_shapes.Reason, asked: Asking) -> people_shapes.PersonDetail:  # noqa: A002 - the path's word
    """At once, and signed out: it takes away and gives nothing. Given back it is by two."""
    if id == asked.account.id:
        raise Denial("SAME_PERSON", "AC-09", "nobody suspends their own account")
    accounts = asked.room.staffing.accounts
    return _detail(asked.room, asked.room.told(accounts.suspend(id, asked.by(_reason(body.reason)))))


@routes.add("POST", "/people/{id}/end", Logged.CONFIG, "people", Operation.PEOPLE_APPLY, people_shapes.PersonDetail)
def end(id: shapes.Id, body: people_shapes.Reason, asked: Asking) -> people_shapes.PersonDetail:  # noqa: A002 - the path's word
    """The designation is over today, and with it the account (AC-09). It takes away, too."""
    if id == asked.account.id:
        raise Denial("SAME_PERSON", "AC-09", "nobody ends their own designation here")
    done = asked.room.staffing.accounts.end(id, asked.by(_reason(body.reason)))
    return _detail(asked.room, asked.room.told(done))


@routes.add(
    "GET",
    "/people/{id}/history",
    Logged.CONSULT,
    "people",
    Operation.PEOPLE_SEE,
    shapes.Items[people_shapes.PersonChange],
)
def history(id: shapes.Id, asked: Asking) -> shapes.Items[people_shapes.PersonChange]:  # noqa: A002 - the path's word
    """What became of the account, newest first: without what its person did."""
    staffing = asked.room.staffing
    account, names = staffing.accounts.account(id), _names(asked.room)
    items = [
        people_shapes.PersonChange(
            at=iso_from_ticks(each.at),
            what=list(each.what),
            by=None if each.by is None else shapes.Person(id=each.by, name=names.get(each.by, "")),
            why=each.why,
        )
        for each in staffing.changes.of(account.id)
    ]
    return shapes.Items(items=items)


@routes.add(
    "GET", "/agreements", Logged.CONSULT, "agreements", Operation.PEOPLE_SEE, shapes.Items[people_shapes.Agreement]
)
def agreements(asked: Asking) -> shapes.Items[people_shapes.Agreement]:
    """On which accounts of others than the town's own people hang; also those that are over."""
    found = asked.room.staffing.accounts.agreements()
    return shapes.Items(items=[_agreement(asked.room, each) for each in found])


@routes.add(
    "GET",
    "/camera-groups",
    Logged.CONSULT,
    "camera groups",
    Operation.PEOPLE_SEE,
    shapes.Items[people_shapes.CameraGroup],
)
def camera_groups(asked: Asking) -> shapes.Items[people_shapes.CameraGroup]:
    """Which people may be given."""
    groups = asked.room.staffing.groups.all()
    return shapes.Items(items=[people_shapes.CameraGroup.model_validate(group.plain()) for group in groups])


@routes.add("POST", "/camera-groups/{id}/fewer", Logged.CONFIG, "camera groups", APPLY, people_shapes.CameraGroup)
def fewer_cameras(id: shapes.Id, body: people_shapes.FewerCameras, asked: Asking) -> people_shapes.CameraGroup:  # noqa: A002 - the path's word
    """At once, by one: it takes away. More cameras, another name, a new group are proposed."""
    by = asked.by(_reason(body.reason))
    group = asked.room.told(asked.room.staffing.groups.narrow(id, set(body.cameras), by))
    return people_shapes.CameraGroup.model_validate(group.plain())


@routes.add("POST", "/camera-groups/{id}/remove", Logged.CONFIG, "camera groups", APPLY, None)
def remove_group(id: shapes.Id, body: people_shapes.Reason, asked: Asking) -> None:  # noqa: A002 - the path's word
    """One that nobody has."""
    asked.room.told(asked.room.staffing.groups.remove(id, asked.by(_reason(body.reason))))


@routes.add("POST", "/agreements/{id}/end", Logged.CONFIG, "agreements", APPLY, people_shapes.Agreement)
def end_agreement(id: shapes.Id, body: people_shapes.Reason, asked: Asking) -> people_shapes.Agreement:  # noqa: A002 - the path's word
    """It is over now, and its people see nothing any more (AC-06, AC-07). It takes away, too."""
    accounts = asked.room.staffing.accounts
    found = asked.room.told(accounts.end_agreement(id, asked.by(_reason(body.reason))))
    asked.room.told(accounts.tend())  # who hangs on a contract is suspended at once
    return _agreement(asked.room, found)


# -- what needs two


@routes.add(
    "GET", "/proposals", Logged.CONSULT, "proposals", Operation.PEOPLE_SEE, shapes.Items[people_shapes.Proposal]
)
def proposals(asked: Asking) -> shapes.Items[people_shapes.Proposal]:
    """About people, newest first."""
    found = [each for each in asked.room.staffing.four_eyes.all() if each.kind.startswith("person.")]
    return shapes.Items(items=[_shown(asked.room, each) for each in reversed(found)])


@routes.add("POST", "/proposals", Logged.CONFIG, "proposals", Operation.PEOPLE_APPLY, people_shapes.Proposal)
def propose(body: people_shapes.Propose, asked: Asking) -> people_shapes.Proposal:
    """Looked through first: what cannot be done is not proposed."""
    _check(asked.room, body.wanted)
    what = body.wanted.model_dump(mode="json")
    done = asked.room.staffing.four_eyes.propose(body.wanted.kind, what, asked.by(body.reason))
    return _shown(asked.room, asked.room.told(done))


@routes.add(
    "POST", "/proposals/{number}/approve", Logged.CONFIG, "people", Operation.PEOPLE_APPROVE, people_shapes.Approved
)
def approve(number: shapes.Number, body: people_shapes.Reason, asked: Asking) -> people_shapes.Approved:
    """By another person than who proposed it; it is done on return."""
    room, four_eyes = asked.room, asked.room.staffing.four_eyes
    _check(room, _wanted(_proposal(room, number)))
    found = room.told(four_eyes.approve(number, asked.by(body.reason)))
    wanted = _wanted(four_eyes.check(number, found.what))
    token = _apply(room, wanted, _hand(room, found, wanted, asked.by(f"proposal {number}: {body.reason}")))
    done = room.told(four_eyes.done(number, asked.by(f"proposal {number} is done")))
    return people_shapes.Approved(proposal=_shown(room, done), token=token)


@routes.add(
    "POST", "/proposals/{number}/refuse", Logged.CONFIG, "proposals", Operation.PEOPLE_APPROVE, people_shapes.Proposal
)
def refuse(number: shapes.Number, body: people_shapes.Reason, asked: Asking) -> people_shapes.Proposal:
    """By another person than who proposed it."""
    _proposal(asked.room, number)
    done = asked.room.staffing.four_eyes.refuse(number, asked.by(body.reason))
    return _shown(asked.room, asked.room.told(done))


@routes.add(
    "POST", "/proposals/{number}/withdraw", Logged.CONFIG, "proposals", Operation.PEOPLE_APPLY, people_shapes.Proposal
)
def withdraw(number: shapes.Number, asked: Asking) -> people_shapes.Proposal:
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


def _wanted(found: Proposal) -> people_shapes.Wanted:
    return _WANTED.validate_python(found.what)


def _check(room: Room, wanted: people_shapes.Wanted) -> None:
    """Raises what doing it would raise."""
    now, accounts = room.staffing.staff.clock.utc(), room.staffing.accounts
    if isinstance(wanted, people_shapes.CreatePerson):
        new_account(room, wanted.person).checked(now)
        if any(each.name == wanted.person.account for each in accounts.all()):
            raise No("CONFLICT", f"there is, or was, an account {wanted.person.account}: choose another name")
    if isinstance(wanted, people_shapes.OfPerson):
        accounts.account(wanted.person)
    if isinstance(wanted, people_shapes.AddAgreement):
        checked_agreement(_wanted_agreement(room, wanted), now)
        _expect_same_kind(room, wanted)
    if isinstance(wanted, people_shapes.SaveGroup):
        room.staffing.groups.check(_wanted_group(wanted))
    if isinstance(wanted, people_shapes.Reinstate):
        expect_designation(accounts.account(wanted.person), now)
    if isinstance(wanted, people_shapes.Designate):
        act_of(room, wanted.designation).checked(now)
    if isinstance(wanted, people_shapes.CreatePerson | people_shapes.GiveRoles):
        decision = conflict(set(wanted.roles))
        if not decision:
            raise Denial(decision.code, decision.clause, "one person never has these roles together")
        if unknown := set(wanted.groups) - {group.id for group in room.staffing.groups.all()}:
            raise No("NOT_VALID", fields={"wanted.groups": f"there is no group {min(unknown)}"})
        expect_agreement(set(wanted.roles), _agreement_of(room, wanted))


def _agreement_of(room: Room, wanted: people_shapes.CreatePerson | people_shapes.GiveRoles) -> Agreement | None:
    accounts = room.staffing.accounts
    if isinstance(wanted, people_shapes.GiveRoles):
        return accounts.account(wanted.person).agreement
    if wanted.agreement is None:
        return None
    found = next((each for each in accounts.agreements() if each.id == wanted.agreement), None)
    if found is None:
        raise No("NOT_VALID", fields={"wanted.agreement": f"there is no agreement {wanted.agreement}"})
    return found


def _wanted_agreement(room: Room, wanted: people_shapes.AddAgreement) -> Agreement:
    ends = end_of_day(wanted.until, room.settings.zone)
    operations = frozenset(wanted.operations) if wanted.agreement == "protocol" else frozenset[Operation]()
    if unknown := set(wanted.cameras) - {str(camera.id) for camera in room.all_cameras()}:
        raise No("NOT_VALID", fields={"wanted.cameras": f"there is no camera {min(unknown)}"})
    what = (wanted.id or "", wanted.agreement, wanted.organisation.strip(), wanted.number.strip(), ends)
    return Agreement(*what, operations, frozenset(wanted.cameras), frozenset(wanted.stations))


def _expect_same_kind(room: Room, wanted: people_shapes.AddAgreement) -> None:
    """Accounts hang on it: a firm's contract does not become a protocol with the police."""
    if wanted.id is None:
        return
    before = next((each for each in room.staffing.accounts.agreements() if each.id == wanted.id), None)
    if before is None:
        raise No("NOT_VALID", fields={"wanted.id": f"there is no agreement {wanted.id}"})
    if before.kind != wanted.agreement:
        raise No("NOT_VALID", fields={"wanted.agreement": "it is of the other kind: enter a new one"})


def _wanted_group(wanted: people_shapes.SaveGroup) -> CameraGroup:
    return CameraGroup(wanted.id or "", wanted.name, wanted.is_all, frozenset(wanted.cameras))


def _hand(room: Room, found: Proposal, wanted: people_shapes.Wanted, approver: By) -> By:
    """Whose hand does it: who approves it, but for what is about themselves; then who applied for it."""
    if not isinstance(wanted, people_shapes.OfPerson) or wanted.person != approver.id:
        return approver
    proposer = room.staffing.accounts.account(found.proposer)
    return approver._replace(name=proposer.name, id=proposer.id)


def _apply(room: Room, wanted: people_shapes.Wanted, by: By) -> str | None:
    """Do it; the token of a link, if one comes of it."""
    accounts, links = room.staffing.accounts, room.staffing.links
    match wanted:
        case people_shapes.CreatePerson():
            new = new_account(room, wanted.person)._replace(agreement=wanted.agreement)
            account = room.told(accounts.create(new, by))
            room.told(accounts.give(account.id, set(wanted.roles), set(wanted.groups), by))
            return room.told(links.make(account.id, by))
        case people_shapes.NewLink():
            return room.told(links.make(wanted.person, by, is_all=wanted.is_all))
        case people_shapes.AddAgreement():
            room.told(accounts.add_agreement(_wanted_agreement(room, wanted), by))
        case people_shapes.SaveGroup():
            room.told(room.staffing.groups.save(_wanted_group(wanted), by))
        case people_shapes.GiveRoles():
            room.told(accounts.give(wanted.person, set(wanted.roles), set(wanted.groups), by))
        case people_shapes.Certify():
            room.told(accounts.certify(wanted.person, by))
        case people_shapes.Reinstate():
            room.told(accounts.reinstate(wanted.person, by))
        case people_shapes.Designate():
            room.told(accounts.designate(wanted.person, act_of(room, wanted.designation), by))
    return None


def _reason(text: str) -> str:
    if not text.strip():
        raise No("REASON_REQUIRED", "say why")
    return text


def _detail(room: Room, account: Account) -> people_shapes.PersonDetail:
    act, zone = account.designation, room.settings.zone
    return people_shapes.PersonDetail(
        id=account.id,
        name=account.full_name,
        account=account.name,
        roles=sorted(account.roles),
        groups=sorted(account.groups),
        agreement=None if account.agreement is None else _agreement(room, account.agreement),
        designation=people_shapes.Designation(
            number=act.number, date=act.date, until=last_day(act.ends, zone), tasks=act.tasks
        ),
        created=iso_from_ticks(account.created),
        certified=iso_from_ticks(account.certified),
        certify_by=iso_from_ticks(account.certified + CERTIFIED_FOR),
        used=iso_from_ticks(account.used),
        suspended=None if account.suspended is None else iso_from_ticks(account.suspended),
        why=account.why,
    )


def _agreement(room: Room, found: Agreement) -> people_shapes.Agreement:
    return people_shapes.Agreement(
        id=found.id,
        kind="protocol" if found.kind == "protocol" else "contract",
        organisation=found.organisation,
        number=found.number,
        until=last_day(found.ends, room.settings.zone),
        operations=sorted(found.operations),
        cameras=sorted(found.cameras),
        stations=sorted(found.stations),
    )


def _names(room: Room) -> dict[str, str]:
    return {account.id: account.full_name for account in room.staffing.accounts.all()}


def _shown(room: Room, found: Proposal) -> people_shapes.Proposal:
    names = _names(room)

    def person(id_: str) -> shapes.Person:
        return shapes.Person(id=id_, name=names.get(id_, ""))

    return people_shapes.Proposal(
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
