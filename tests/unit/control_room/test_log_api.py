# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log over the API: who saw which camera, what somebody saw, each question a fact, and what cannot be told."""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from torrazzo.access.months import month_of
from torrazzo.access.staff import By
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.evidence.act_log import Question
from torrazzo.law import Role
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.town.camera import new_camera_id
from torrazzo.town.office import new_camera

ROME = ZoneInfo("Europe/Rome")
WHY = "verifica mensile degli accessi"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[ApiTown]:
    """Two cameras were looked at by two people, and one copy was asked for and approved."""
    with api_town(tmp_path / "town") as town:
        for name, role in {
            "aldo.prova": Role.AUDITOR,
            "olga.verdi": Role.OPERATOR,
            "carla.neri": Role.DESIGNATO,
        }.items():
            town.somebody(name, role)
        for name in ("Piazza", "Corso"):
            town.office.add(new_camera(new_camera_id(), name, (), synthetic=True))
        yield town


@pytest.fixture
def auditor(town: ApiTown) -> Browser:
    return town.signed_in("aldo.prova")


@pytest.fixture
def looked(town: ApiTown) -> Mapping[str, str]:
    """By name, the ids of the cameras."""
    ids = {camera.name: str(camera.id) for camera in town.cameras()}
    piazza, corso = (StreamId.parse(f"{ids[name]}/main") for name in ("Piazza", "Corso"))
    now = town.clock.utc()
    span = Span(UtcTicks(now - 600 * SECOND), UtcTicks(now - 300 * SECOND))
    olga = Private("olga.verdi", "rissa segnalata al bar", "2026/118", "sala-1")
    town.windows.open_view(olga, Wanted(frozenset({piazza}), span), "urban-security").close()
    ask = town.windows.ask(olga, Wanted(frozenset({corso}), span), "crime", "prefettura")
    town.windows.approve(Private("carla.neri", "atto in regola, si consegni", None, "ufficio"), ask)
    return ids


def question(town: ApiTown, **more: object) -> dict[str, object]:
    now = town.clock.utc()
    times = {"since": iso_from_ticks(now - DAY), "until": iso_from_ticks(now + 60 * SECOND)}
    return {"purpose": "lawfulness", **times, **more}


def town_question(town: ApiTown, person: str | None = None) -> Question:
    now = town.clock.utc()
    return Question(Span(UtcTicks(now - DAY), UtcTicks(now + 60 * SECOND)), frozenset({"view", "ask"}), person)


def rows(auditor: Browser, town: ApiTown, **more: object) -> list[dict[str, Any]]:
    answer = auditor.post("/log", question(town, **more))
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_who_saw_a_camera(town: ApiTown, auditor: Browser, looked: Mapping[str, str]) -> None:
    """The look, with person, station, reason, case and how it ended; a copy by its ask, and what follows it."""
    (look,) = rows(auditor, town, camera=looked["Piazza"], group="looks")
    assert (look["kind"], look["person"], look["full_name"]) == ("view", "olga.verdi", "Olga Verdi")
    assert (look["station"], look["case"], look["purpose"]) == ("sala-1", "2026/118", "urban-security")
    assert (look["reason"], look["cameras"], look["shown_s"]) == ("rissa segnalata al bar", ["Piazza"], 0)
    assert look["closed"] is not None
    copies = rows(auditor, town, camera=looked["Corso"])
    assert [(each["kind"], each["person"]) for each in copies] == [("approve", "carla.neri"), ("ask", "olga.verdi")]
    assert {tuple(each["cameras"]) for each in copies} == {("Corso",)}


def test_what_somebody_did(town: ApiTown, auditor: Browser, looked: Mapping[str, str]) -> None:
    """By the pseudonyms of the month: all of one person, nothing of another; by case, whatever its case of letters."""
    olga = town.staffing.accounts.named("olga.verdi").id
    found = rows(auditor, town, person=olga)
    assert {each["person"] for each in found} == {"olga.verdi"}
    assert {"view", "ask", "auth"} <= {each["kind"] for each in found}
    assert [each["kind"] for each in rows(auditor, town, person=olga, group="copies")] == ["ask"]
    assert [each["kind"] for each in rows(auditor, town, case="2026/118", group="looks")] == ["view"]
    assert rows(auditor, town, case="2026/119") == []


def test_each_question_is_a_fact_before_its_answer(town: ApiTown, auditor: Browser, looked: Mapping[str, str]) -> None:
    """With the reason of the law that was given, and what was asked in its private part; it shows in its own answer."""
    before = len(town.acts("log"))
    (mine,) = [each for each in rows(auditor, town, group="access", note=WHY) if WHY in (each["reason"] or "")]
    assert (mine["kind"], mine["what"], mine["why"], mine["person"]) == ("log", "read", "lawfulness", "aldo.prova")
    assert len(town.acts("log")) == before + 1


def test_who_may_read_and_why(town: ApiTown, auditor: Browser) -> None:
    """Not the operator, not who commands; without one of the four reasons not the auditor; nothing is told then."""
    before = len(town.acts("log"))
    for name in ("olga.verdi", "carla.neri"):
        assert town.signed_in(name).post("/log", question(town)).code == "FORBIDDEN"
    for purpose in ("curiosity", None):
        assert auditor.post("/log", question(town, purpose=purpose)).code == "NOT_VALID"
    assert auditor.post("/log", question(town, camera="0" * 16)).code == "NOT_VALID"
    assert auditor.post("/log", question(town, person="nobody")).code == "NOT_FOUND"
    assert auditor.post("/log", {**question(town), "until": question(town)["since"]}).code == "NOT_VALID"
    assert len(town.acts("log")) == before


def test_who_commands_has_totals_and_no_names(town: ApiTown, looked: Mapping[str, str]) -> None:
    """LG-05, WK-03: how often what was done, each camera looked at how often; a renewed look is one; it is a fact."""
    olga = Private("olga.verdi", "rissa segnalata al bar", "2026/118", "sala-1")
    stream, now = StreamId.parse(f"{looked['Piazza']}/main"), town.clock.utc()
    wanted = Wanted(frozenset({stream}), Span(UtcTicks(now - 90 * SECOND), UtcTicks(now - 60 * SECOND)))
    window = town.windows.open_view(olga, wanted, "urban-security")
    town.clock.advance((window.until - town.clock.utc()) / SECOND - 10)
    window.keep_open()
    window.close()
    said = whole_days(town, 7)
    answer = town.signed_in("carla.neri").post("/log/totals", said)
    assert answer.status == 200, answer.body
    told = answer.json()
    counts = {each["kind"]: each["count"] for each in told["kinds"]}
    assert (counts["view"], counts["ask"], counts["approve"]) == (2, 1, 1)
    assert [(each["name"], each["looks"]) for each in told["cameras"]] == [("Piazza", 2)]
    for word in (b"olga", b"carla", b"Olga", b"rissa", b"2026/118", b"sala-1"):
        assert word not in answer.body
    (fact,) = [act for act in town.acts("log") if act.values["what"] == "totals"]
    assert fact.values["why"] == "self-control"
    for name in ("aldo.prova", "olga.verdi"):
        assert town.signed_in(name).post("/log/totals", said).code == "FORBIDDEN"


def test_totals_are_of_whole_weeks(town: ApiTown) -> None:
    """Of one shift, where one person had it, they would be that person's figures: so no less, and no part of a day."""
    commander = town.signed_in("carla.neri")
    before = len(town.acts("log"))
    said = whole_days(town, 7)
    late = iso_from_ticks(UtcTicks(ticks_from_text(said["until"], ROME) + HOUR))
    for other in (whole_days(town, 6), whole_days(town, 400), {**said, "until": late}, {**said, "since": late}):
        assert commander.post("/log/totals", other).code == "NOT_VALID", other
    assert len(town.acts("log")) == before
    assert commander.post("/log/totals", said).status == 200


def whole_days(town: ApiTown, days: int) -> dict[str, str]:
    """So many, up to tonight."""
    today = dt.datetime.fromtimestamp(town.clock.utc() / SECOND, ROME).date()
    ends = (today - dt.timedelta(days=days - 1), today + dt.timedelta(days=1))
    midnights = [dt.datetime.combine(day, dt.time(), ROME).timestamp() for day in ends]
    since, until = (iso_from_ticks(UtcTicks(int(at) * SECOND)) for at in midnights)
    return {"since": since, "until": until}


def test_a_table_is_given_out(town: ApiTown, auditor: Browser, looked: Mapping[str, str]) -> None:
    """In order, each entry with its own line; a reason that looks like a formula is text; giving it is a fact."""
    evil = Private("olga.verdi", "=HYPERLINK(1) cercata in piazza", None, "sala-1")
    stream = StreamId.parse(f"{looked['Piazza']}/main")
    now = town.clock.utc()
    span = Span(UtcTicks(now - 60 * SECOND), UtcTicks(now - 30 * SECOND))
    town.windows.open_view(evil, Wanted(frozenset({stream}), span), "crime").close()
    answer = auditor.post("/log/table", question(town, camera=looked["Piazza"]))
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [int(each["number"]) for each in found] == sorted(int(each["number"]) for each in found)
    assert found[-1]["reason"].startswith("'=HYPERLINK")
    assert all(each["fact"].startswith('{"v":1,"kind":"') for each in found)
    assert [act.values["what"] for act in town.acts("log")][-1] == "export"


def test_pages_go_back_in_time(town: ApiTown, auditor: Browser) -> None:
    """A hundred at a time, none twice, none left out; how many there are in all stands on each."""
    for _ in range(120):
        town.people.told(town.staffing.reviews.read("read", "security", By("aldo.prova", WHY)))
    first = auditor.post("/log", question(town, group="access")).json()
    assert len(first["items"]) == 100
    second = auditor.post("/log", question(town, group="access", before=first["next"])).json()
    numbers = [each["number"] for page in (first, second) for each in page["items"]]
    assert numbers == sorted(set(numbers), reverse=True)
    assert (len(numbers), second["next"]) == (first["matched"], None) or second["next"] is not None


def test_a_review_is_recorded(town: ApiTown, auditor: Browser) -> None:
    """Who looked through what, and what came out; when the next is due; one without words is none."""
    assert auditor.get("/log/reviews").json() == {"items": [], "due": None}
    said = {**question(town), "sample": 20, "outcome": "in-order"}
    assert auditor.post("/log/reviews", {**said, "text": "bene"}).code == "REASON_REQUIRED"
    done = auditor.post("/log/reviews", {**said, "text": "venti visioni guardate, tutte motivate"})
    assert (done.status, done.json()["person"]["name"]) == (200, "Aldo Prova")
    found = auditor.get("/log/reviews").json()
    assert (len(found["items"]), found["items"][0]["sample"]) == (1, 20)
    assert found["due"] > found["items"][0]["at"]
    assert [(act.values["what"], act.values["why"]) for act in town.acts("log")][-1] == ("review", "lawfulness")


def test_a_month_whose_secret_is_destroyed_is_told_as_such(
    town: ApiTown, auditor: Browser, looked: Mapping[str, str]
) -> None:
    """The entries stay, nobody's name opens any more; by person they cannot be found, and how many is said."""
    month = month_of(town.clock.utc())
    path = town.home.box_key.with_name(f"month-{month}.key")
    kept = path.read_bytes()
    olga = town.staffing.accounts.named("olga.verdi").id
    assert looked
    path.unlink()
    try:
        answer = town.room().act_log.ask(town_question(town), 100)
        assert {str(row.names) for row in answer.rows if row.names is not None} == {"destroyed"}
        by_person = town.room().act_log.ask(town_question(town, person="olga.verdi"), 100)
        assert (by_person.matched, by_person.untold > 0) == (0, True)
    finally:
        path.write_bytes(kept)
    assert rows(auditor, town, person=olga) != []
