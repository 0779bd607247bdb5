# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API as somebody meets it who means harm: tricks with paths, methods and headers, and two things at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.tools.api_town import Answered, ApiTown, Browser
from tests.tools.officials import COMMANDER, OFFICER, activated, officials_town
from tests.tools.picture_hunt import pictures_in
from tests.tools.playback_town import ADMIN, OPERATOR, SQUARE, PlaybackTown, playback_town
from tests.tools.staffed import OWNER, PASSWORD
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.control_room.api.app import ROOT
from torrazzo.law import Role

OTHER = "omar.blu"
ROUNDS = 4


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaybackTown]:
    """With a second operator, who has all cameras, too."""
    with playback_town(tmp_path_factory.mktemp("attacks") / "town") as town:
        every = town.staffing.groups.save(CameraGroup("", "ogni", True, frozenset()), OWNER).value.id
        town.somebody(OTHER, Role.OPERATOR)
        account = town.staffing.accounts.named(OTHER)
        town.people.told(town.staffing.accounts.give(account.id, {Role.OPERATOR}, {every}, OWNER))
        yield town


@pytest.fixture(scope="module")
def officials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with officials_town(tmp_path_factory.mktemp("officials") / "town") as town:
        yield town


def at_once(*acts: Callable[[], Answered]) -> list[Answered]:
    """Begun together."""
    ready = threading.Barrier(len(acts))

    def act(one: Callable[[], Answered]) -> Answered:
        ready.wait(60)
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def test_no_trick_with_path_method_or_header_shows_another_ones_look(town: PlaybackTown) -> None:
    """Of a still that its own person gets: nothing for an administrator and another operator, however it is asked."""
    mine = town.signed_in(OPERATOR)
    look = town.look(mine, 5, 25)
    path = f"/looks/{look['key']}/{SQUARE.camera}/still?at={town.at(10)}"
    plain, _, query = path.partition("?")
    paths = [
        f"{ROOT}{plain}/?{query}", f"{ROOT}/{plain}?{query}", f"{ROOT}{plain};x=1?{query}", f"/{ROOT}{plain}?{query}",
        f"{ROOT}{plain.replace('/looks/', '/Looks/')}?{query}", f"{ROOT}{plain.replace('/', '%2f')}?{query}",
        f"{ROOT}/walls/..{plain}?{query}", f"{ROOT}/walls/%2e%2e{plain}?{query}", f"{ROOT}{plain}%00?{query}",
        f"{ROOT}{path}&at={town.at(11)}", f"{ROOT}{plain}.jpg?{query}", f"/look/{look['key']}/video.mp4",
        f"/assets/..{ROOT}{plain}?{query}", f"{ROOT}{path}",
    ]  # fmt: skip
    headers = [
        {"x-http-method-override": "GET"}, {"x-original-url": f"{ROOT}{path}"}, {"x-rewrite-url": f"{ROOT}{path}"},
        {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost", "x-forwarded-user": OPERATOR},
        {"x-torrazzo-person": OPERATOR, "authorization": "Basic b2xnYTp4"}, {"client-cert": ":AAAA:"},
        {"range": "bytes=0-100"}, {"if-none-match": "*"},
    ]  # fmt: skip
    for name in (ADMIN, OTHER):
        browser = town.signed_in(name)
        for each in paths:
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                answer = browser.ask(method, each)
                assert not pictures_in(answer.body), (name, method, each)
                is_page = answer.headers.get("content-type", "").startswith("text/html")  # of an address of its own
                assert answer.status >= 400 or is_page, (name, method, each, answer.status)
        for more in headers:
            answer = browser.ask("GET", f"{ROOT}{path}", changed=more)
            assert (answer.status >= 400, pictures_in(answer.body)) == (True, set()), (name, more)
    assert pictures_in(mine.ask("GET", f"{ROOT}{path}").body) == {"JPEG"}


def test_two_cookies_are_one_session(town: PlaybackTown) -> None:
    """One that was planted before or behind ours makes nobody somebody else: it is one of both, or nobody."""
    mine, theirs = town.signed_in(OPERATOR), town.signed_in(OTHER)
    for first, last in ((mine, theirs), (theirs, mine)):
        cookie = f"torrazzo={first.cookies['torrazzo']}; torrazzo={last.cookies['torrazzo']}"
        asking = Browser(town.port, cookies=dict(last.cookies), csrf=first.csrf)
        refused = asking.ask("POST", f"{ROOT}/lock", {}, {"cookie": cookie})
        assert (refused.status, refused.code) == (403, "CSRF"), "the word is of the session that counts"
    assert mine.get("/me").status == theirs.get("/me").status == 200


def test_a_recovery_code_counts_once_however_many_use_it_at_once(town: PlaybackTown) -> None:
    """Five browsers with the password send the same code together: one is in."""
    town.somebody("rita.oro", Role.OPERATOR)
    code = town.signed_in("rita.oro").post("/me/recovery").json()["codes"][0]
    town.clock.advance(31)
    halves = [town.browser() for _ in range(4)]
    for browser in halves:
        assert browser.post("/sign-in", {"name": "rita.oro", "password": PASSWORD}).json()["step"] == "totp"
    found = at_once(*(partial(each.post, "/sign-in/recovery", {"code": code}) for each in halves))
    assert sorted(answer.status for answer in found)[:2] == [200, 401 if found[0].status == 401 else 422], found


@pytest.mark.parametrize("first", ["approve", "refuse"])
def test_what_is_decided_and_withdrawn_at_once_is_one_of_both(officials: ApiTown, first: str) -> None:
    """Whoever comes second is told that it is not as they think; what holds is what was answered with yes."""
    id_ = activated(officials, f"Gara {first}")
    commander, officer = officials.signed_in(COMMANDER), officials.signed_in(OFFICER)
    for round_ in range(ROUNDS):
        hours = 100 + round_
        asked = commander.post(f"/cameras/{id_}/retention", {"hours": hours, "reason": "si prova una gara fra due"})
        number = asked.json()["hours_proposal"]["number"]
        path, said = f"/policy-proposals/{number}", {"reason": "letto, così dice il regolamento"}
        decide = partial(officer.post, f"{path}/{first}", said)
        decided, withdrawn = at_once(decide, partial(commander.post, f"{path}/withdraw"))
        assert sorted((decided.status, withdrawn.status)) == [200, 409], (decided.body, withdrawn.body)
        now = commander.get(f"/cameras/{id_}/policy").json()
        assert (now["hours"] == hours) is (first == "approve" and decided.status == 200)
        assert now["hours_proposal"] is None
