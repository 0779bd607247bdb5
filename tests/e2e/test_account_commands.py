# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo account`, without a control room and with the one that runs; what of it stands in the ledger."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.served import Served
from tests.tools.staffed import CHEAP, OWNER, PASSWORD, ROOM
from torrazzo.access.account import Designation, NewAccount
from torrazzo.access.peer import Peer
from torrazzo.access.staffing import Staffing
from torrazzo.app import _tell
from torrazzo.base import SystemClock
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.cli.access import read_entries
from torrazzo.durable import OsDisk
from torrazzo.evidence.accesses import Names, Opener, unexplained
from torrazzo.law import Role
from torrazzo.ledger.act import parse_act
from torrazzo.town.office import Office


def _with_staffing(served: Served, work: Callable[[Staffing], object]) -> None:
    clock = SystemClock()
    with Office(served.home, OsDisk(), clock) as office:
        work(Staffing.of(office.registry.engine, office.box, clock, CHEAP))


def _make_people(staffing: Staffing) -> None:
    ends = UtcTicks(SystemClock().utc() + 300 * DAY)
    for name, role in (("anna.rossi", Role.OPERATOR), ("ugo.conti", Role.DESIGNATO)):
        new = NewAccount(name, name.title(), Designation("12/2026", "2026-11-02", "vigilanza", ends))
        account = staffing.accounts.create(new, OWNER).value
        staffing.accounts.give(account.id, {role}, set(), OWNER)
        staffing.credentials.set_password(account, PASSWORD, OWNER, must_change=False)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    served = Served(tmp_path / "town")
    assert served.run("init", "--name", "Cremona").code == 0
    _with_staffing(served, _make_people)
    return served


def test_without_a_control_room_the_command_does_it_itself(served: Served) -> None:
    """It lists, suspends, prints a link by which one comes in anew, and says that the ledger hears of it later."""
    assert [(each["name"], each["roles"]) for each in served.json("account", "list")] == [
        ("anna.rossi", ["operator"]), ("ugo.conti", ["designato"]),
    ]  # fmt: skip
    done = served.run("account", "suspend", "anna.rossi", "--reason", "smarrito il telefono")
    assert (done.code, done.out) == (0, "anna.rossi is suspended.\n")
    assert "when it starts" in done.err
    assert re.search(r"anna\.rossi .*operator .*12/2026 .*order 20", served.run("account", "list").out)
    link = served.run("account", "link", "anna.rossi", "--reason", "smarrito il telefono").out.strip()
    page, _, token = link.partition("#")
    assert page == "http://localhost:8470/link"

    def come_in(staffing: Staffing) -> None:
        assert staffing.links.use(token, PASSWORD, ROOM).value.session.account.suspended is None
        user = Peer.of(os.getuid()).name
        assert f"unix:{user}" in {fact.who.person for fact in staffing.staff.owed()}

    _with_staffing(served, come_in)
    assert served.run("account", "link", "bruno.verdi", "--reason", "chi è?").code == 2
    assert served.run("account", "suspend", "anna.rossi").code == 2


def test_a_provider_is_set_up_by_command(served: Served, tmp_path: Path) -> None:
    """With a secret that no file has in clear; who is bound is listed; what cannot be is refused before it is kept."""
    secret = tmp_path / "secret.txt"
    secret.write_text("un segreto di prova 4711\n")
    given = ("access", "oidc", "set", "--client-id", "torrazzo", "--name", "Comune", "--reason", "delibera 12/2026")
    plain = served.run(*given, "--issuer", "http://id.example.it", "--secret-file", str(secret))
    assert (plain.code, "https" in plain.err) == (2, True)
    done = served.run(*given, "--issuer", "https://localhost:9/realms/comune", "--secret-file", str(secret))
    assert (done.code, "http://localhost:8470/oidc" in done.out) == (0, True), done.err
    assert "does not answer" in done.err
    bound = served.run("access", "oidc", "bind", "anna.rossi", "--subject", "8f1c", "--reason", "delibera 12/2026")
    assert bound.code == 0, bound.err
    told = served.json("access", "oidc", "show")
    assert told["bound"] == [{"name": "anna.rossi", "subject": "8f1c"}]
    assert told["provider"]["secret"] is True
    assert served.run("access", "oidc", "check").code == 1
    kept = [file for file in served.home.path.rglob("*") if file.is_file()]
    assert not [file for file in kept if b"un segreto di prova" in file.read_bytes()]
    assert served.run("access", "oidc", "remove", "--reason", "contratto scaduto").code == 0
    assert served.json("access", "oidc", "show") == {"provider": None, "bound": []}


def test_the_running_control_room_does_it_and_tells_the_ledger(served: Served) -> None:
    """Its facts, and those owed from before, stand in `act`, with names that the book opens and no name in the open."""
    served.start()
    try:
        served.until(served.page)
        link = served.run("account", "link", "ugo.conti", "--reason", "perso tutto, identità verificata").out.strip()
        assert re.fullmatch(rf"{re.escape(served.page().replace('127.0.0.1', 'localhost'))}link#[\w-]{{43}}", link)
        assert served.run("account", "suspend", "anna.rossi", "--reason", "fine incarico").code == 0
        assert served.json("account", "list")[0]["why"] == "order"
        assert served.run("account", "suspend", "bruno.verdi", "--reason", "chi è?").code == 2
        _provider_by_the_running_room(served)

        def told() -> int:
            return sum(parse_act(line).kind in {"cfg", "auth"} for _, line in read_entries(served.home))

        served.until(lambda: told() >= 12)
        entries = list(read_entries(served.home))
        opener = Opener(served.home, OsDisk(), SystemClock())
        assert unexplained(entries, opener) == []
        acts = [act for _, line in entries if (act := parse_act(line)).kind in {"cfg", "auth"}]
        assert len(acts) == 12
        assert all(opener.open(act)[0] is Names.OPEN for act in acts)
        reasons = [who.reason for act in acts if (who := opener.open(act)[1]) is not None]
        assert "ugo.conti: link for a new beginning: perso tutto, identità verificata" in reasons
        assert not any(name in act.line for act in acts for name in (b"anna", b"ugo", b"unix"))
    finally:
        assert served.stop() == 0
    assert not served.home.first_link.exists()


def _provider_by_the_running_room(served: Served) -> None:
    """Set with the certificate of who signed the provider's, bound, shown, unbound, removed: four facts."""
    ca, why = served.home.path.parent / "ca.pem", ("--reason", "delibera 12/2026")
    ca.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    given = ("--issuer", "https://localhost:9/realms/comune", "--client-id", "torrazzo", "--name", "Comune")
    done = served.run("access", "oidc", "set", *given, "--no-secret", "--ca", str(ca), *why)
    assert done.code == 0, done.err
    assert served.run("access", "oidc", "bind", "ugo.conti", "--subject", "8f1c", *why).code == 0
    shown = served.json("access", "oidc", "show")
    assert (shown["provider"]["ca"], shown["provider"]["secret"]) == (ca.read_text(), False)
    assert shown["bound"] == [{"name": "ugo.conti", "subject": "8f1c"}]
    assert served.run("access", "oidc", "unbind", "ugo.conti", *why).code == 0
    assert served.run("access", "oidc", "remove", *why).code == 0
    assert served.run("access", "oidc", "bind", "ugo.conti", "--subject", "8f1c", *why).code == 2


def test_serve_says_page_and_first_link_when_they_are_there(tmp_path: Path) -> None:
    """Each once, and again when it is another one."""
    said: list[str] = []
    page, link = tmp_path / "page.url", tmp_path / "first-link"

    async def watch() -> None:
        watching = asyncio.create_task(_tell(((page, said.append), (link, said.append))))
        for path, text in ((page, "one\n"), (link, "two\n"), (link, "three\n")):
            path.write_text(text)
            async with asyncio.timeout(60):
                while text.strip() not in said:  # noqa: ASYNC110 - what says it is a plain function
                    await asyncio.sleep(0.05)
        watching.cancel()

    asyncio.run(watch())
    assert said == ["one", "two", "three"]
