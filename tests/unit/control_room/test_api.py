# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API over a real server and a real ledger: ways in, one's own, shifts, people, who may not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.authenticator import Authenticator
from tests.tools.staffed import OWNER, PASSWORD
from torrazzo.access.sessions import ABSOLUTE, FRESH, IDLE
from torrazzo.base.times import SECOND
from torrazzo.control_room.api.app import DECLARED, ROOT
from torrazzo.control_room.api.declared import Declared, Door
from torrazzo.law import Operation, Role
from torrazzo.law.roles import TABLE

NEW = "lanterna verde sul molo"
WHY = "presa di servizio al turno serale"
PEOPLE = {role: f"{role.value.replace('-', '')}.uno" for role in Role}
ROLES = [role for role in Role if role not in {Role.POLICE, Role.TECHNICIAN}]  # those hang on an agreement


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    """One for all tests of the module: they leave nothing that another one sees."""
    with api_town(tmp_path_factory.mktemp("api") / "town") as town:
        for role in ROLES:
            town.somebody(PEOPLE[role], role)
        town.somebody("gina.verdi", Role.OPERATOR)
        yield town


class Sessions:
    """One of each role, signed in when it is first asked for in a test."""

    def __init__(self, town: ApiTown) -> None:
        self._town, self._there = town, dict[Role, Browser]()

    def __getitem__(self, role: Role) -> Browser:
        if role not in self._there:
            self._there[role] = self._town.signed_in(PEOPLE[role])
        return self._there[role]


@pytest.fixture
def sessions(town: ApiTown) -> Sessions:
    return Sessions(town)


def _call(browser: Browser, route: Declared) -> tuple[int, str]:
    path = route.path.replace("{id}", "nobody").replace("{number}", "999999")
    answer = browser.ask(route.method, ROOT + path, None if route.method == "GET" else {})
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status, answer.code if is_problem else ""


# -- the matrix


def test_every_route_tells_for_whom_it_is(town: ApiTown) -> None:
    """Nobody who is not signed in comes through a door that is not anyone's: 401 with its code, whatever is sent."""
    for route in DECLARED:
        status, code = _call(town.browser(), route)
        if route.permission is Door.ANYONE:
            assert status in {200, 422, 409}, (route.method, route.path, status)
        else:
            assert (status, code) == (401, "SESSION_NONE"), (route.method, route.path)
    garbage = town.browser().ask("POST", f"{ROOT}/shift", b"{nonsense")
    assert (garbage.status, garbage.code) == (401, "SESSION_NONE")


def test_every_role_comes_where_the_matrix_lets_it(sessions: Sessions) -> None:
    """All routes that are an operation times all roles: who has a cell goes through, others get 403 FORBIDDEN."""
    cells = 0
    for role in ROLES:
        browser = sessions[role]
        for route in DECLARED:
            if isinstance(route.permission, Operation):
                status, code = _call(browser, route)
                may = role in TABLE[route.permission]
                assert (code == "FORBIDDEN") is not may, (role, route.method, route.path, status, code)
                assert may or status == 403
                assert status < 500, (route.method, route.path, code)
                cells += 1
    assert cells >= 9 * 14


def test_a_refusal_is_a_fact_once(town: ApiTown) -> None:
    """Who asks again and again for what is not theirs is told of in the ledger once in ten minutes."""
    town.somebody("dora.neri", Role.DPO)
    browser, before = town.signed_in("dora.neri"), len(town.acts("deny"))
    for _ in range(3):
        assert browser.get("/shifts").code == "FORBIDDEN"
    found = town.acts("deny")[before:]
    assert [(act.values["what"], act.values["why"]) for act in found] == [("shifts.see", "forbidden")]


# -- ways in


def test_the_first_two_people_are_made_by_a_link(tmp_path: Path) -> None:
    """One after the other, each with password, device and codes; the link is spent then, and each step has its fact."""
    with api_town(tmp_path / "town") as town:
        token = town.staffing.links.first().value
        browser = town.browser()
        assert browser.get("/town").json() == {
            "name": "Cremona",
            "zone": "Europe/Rome",
            "provider": None,
            "first_run": True,
            "demo": False,
        }
        for role, account in (("admin", "ada.bianchi"), ("designato", "dino.rossi")):
            assert browser.post("/first-run", {"token": token}).json() == {"next": role}
            act = {"number": "12/2026", "date": "2026-11-02", "until": "2027-11-02"}
            said = {"name": account.title(), "account": account, "password": NEW, "designation": act}
            step = browser.post("/first-run/person", {"token": token, "role": role, **said})
            assert step.json()["step"] == "enrol", step.body
            assert browser.get("/me").code == "SIGN_IN_UNFINISHED"
            secret = browser.post("/enrol/totp").json()["totp"]
            assert secret["uri"].startswith("otpauth://totp/")
            assert browser.post("/enrol/totp/code", {"code": "000000"}).code == "CODE_WRONG"
            codes = browser.post("/enrol/totp/code", {"code": town.code(pyotp.TOTP(secret["secret"]))}).json()["codes"]
            assert len(codes) == 10
            assert browser.get("/me").json()["roles"] == [role]
            assert browser.ask("DELETE", f"{ROOT}/session").status == 204
            assert browser.cookies.keys() == {"torrazzo-station"}
            town.clock.advance(31)
        assert browser.get("/town").json()["first_run"] is False
        assert (browser.post("/first-run", {"token": token}).status, town.staffing.staff.owed()) == (410, [])
        assert [act.values["what"] for act in town.acts("cfg")] == ["person", "person"]
        assert [act.values["what"] for act in town.acts("auth")] == ["sign-in", "code", "sign-out"] * 2


def test_a_session_is_a_strict_cookie_that_no_script_reads(town: ApiTown) -> None:
    """HttpOnly, SameSite=Strict, for all paths; what personal answers say is kept by nobody."""
    browser = town.browser()
    answer = browser.post("/sign-in", {"name": "gina.verdi", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_wrong_passwords_lock_and_tell_until_when(town: ApiTown) -> None:
    """Each is refused in the same way, also of nobody's account; after five it is 429 with the time, for 15 minutes."""
    town.somebody("lina.blu", Role.OPERATOR)
    browser = town.browser()
    for name in ("lina.blu", "nobody.here"):
        for _ in range(5):
            answer = browser.post("/sign-in", {"name": name, "password": "sbagliata di grosso"})
            assert (answer.status, answer.code) == (401, "SIGN_IN_REFUSED")
        answer = browser.post("/sign-in", {"name": name, "password": PASSWORD})
        assert (answer.status, answer.code) == (429, "SIGN_IN_LOCKED")
        assert answer.json()["until"].endswith("Z")
    town.clock.advance(15 * 60 + 1)
    assert town.signed_in("lina.blu").get("/me").status == 200


def test_a_second_station_asks_first(town: ApiTown) -> None:
    """The same person elsewhere: told where, ended only by word, and the first browser hears why."""
    town.somebody("elsa.gialli", Role.OPERATOR)
    first = town.signed_in("elsa.gialli")
    second = town.browser()
    town.clock.advance(31)
    second.post("/sign-in", {"name": "elsa.gialli", "password": PASSWORD})
    step = second.post("/sign-in/totp", {"code": town.code(town.devices["elsa.gialli"])}).json()
    assert step["step"] == "elsewhere"
    assert "127.0.0.1" in step["other"]
    assert first.get("/me").status == 200
    assert second.get("/me").code == "SIGN_IN_UNFINISHED"
    assert second.post("/sign-in/take-over").json()["step"] == "done"
    assert (first.get("/me").status, first.get("/me").code) == (401, "SESSION_TAKEN")
    assert second.get("/me").json()["person"]["name"] == "Elsa Gialli"


def test_a_passkey_is_made_and_signs_in_alone(town: ApiTown) -> None:
    """Two factors by itself, by the page's name; by an address in digits there are none; it unlocks, too."""
    town.somebody("paola.viola", Role.OPERATOR)
    browser = town.signed_in("paola.viola")
    key = Authenticator(origin=f"http://localhost:{town.port}", id=b"passkey of paola")
    options = browser.post("/enrol/passkey/options").json()["options"]
    made = browser.post("/enrol/passkey", {"credential": key.make(json.dumps(options)), "name": "chiavetta"})
    assert made.json() == {"codes": []}
    assert [each["name"] for each in browser.get("/me/ways").json()["passkeys"]] == ["chiavetta"]
    browser.ask("DELETE", f"{ROOT}/session")
    options = browser.post("/sign-in/passkey/options").json()["options"]
    step = browser.post("/sign-in/passkey", {"credential": key.sign(json.dumps(options))})
    assert step.json()["step"] == "done", step.body
    assert browser.post("/lock").status == 204
    assert browser.get("/me").code == "SESSION_LOCKED"
    options = browser.post("/sign-in/passkey/options").json()["options"]
    assert browser.post("/unlock/passkey", {"credential": key.sign(json.dumps(options))}).status == 200
    digits = town.browser("127.0.0.1").post("/sign-in/passkey/options")
    assert (digits.status, digits.code) == (409, "PASSKEYS_NEED_A_NAME")
    (id_,) = (each["id"] for each in browser.get("/me/ways").json()["passkeys"])
    assert browser.ask("DELETE", f"{ROOT}/me/passkeys/{id_}").status == 204


def test_a_link_gives_a_password(town: ApiTown) -> None:
    """To whom it is for: the name is told, a weak password is not taken, and the second factor is still asked."""
    town.somebody("lea.bruni", Role.OPERATOR)
    account = town.staffing.accounts.named("lea.bruni")
    token, browser = town.staffing.links.make(account.id, OWNER).value, town.browser()
    assert browser.post("/link", {"token": token}).json() == {"name": "Lea Bruni"}
    weak = browser.post("/link/password", {"token": token, "password": "lea bruni lea"})
    assert (weak.status, weak.code) == (422, "PASSWORD_WEAK")
    step = browser.post("/link/password", {"token": token, "password": NEW}).json()
    assert step["step"] == "totp"
    assert browser.post("/link", {"token": token}).code == "LINK_GONE"
    town.clock.advance(31)
    assert browser.post("/sign-in/totp", {"code": town.code(town.devices["lea.bruni"])}).json()["step"] == "done"


def test_a_password_that_another_one_knows_is_changed_first(town: ApiTown) -> None:
    """Nothing else goes before; then the session goes on, under another token."""
    town.somebody("ugo.rosa", Role.OPERATOR)
    account = town.staffing.accounts.named("ugo.rosa")
    town.people.told(town.staffing.credentials.set_password(account, PASSWORD, OWNER))
    browser = town.browser()
    town.clock.advance(31)
    browser.post("/sign-in", {"name": "ugo.rosa", "password": PASSWORD})
    step = browser.post("/sign-in/totp", {"code": town.code(town.devices["ugo.rosa"])}).json()
    assert step["step"] == "change-password"
    assert browser.get("/me").code == "SIGN_IN_UNFINISHED"
    before = browser.cookies["torrazzo"]
    assert browser.post("/sign-in/password", {"password": NEW}).json()["step"] == "done"
    assert browser.cookies["torrazzo"] != before
    assert browser.post("/sign-in/password", {"password": NEW}).code == "NOT_NOW"
    assert browser.post("/me/password", {"old": NEW, "new": NEW}).code == "PASSWORD_OLD"
    assert browser.post("/me/password", {"old": NEW, "new": f"{NEW} due"}).status == 204


def test_a_lost_device_is_replaced_by_a_recovery_code(town: ApiTown) -> None:
    """A code signs in once; the old device goes, and another one is owed before anything else."""
    town.somebody("rosa.pane", Role.OPERATOR)
    codes = town.signed_in("rosa.pane").post("/me/recovery").json()["codes"]
    browser = town.browser()
    assert browser.post("/sign-in", {"name": "rosa.pane", "password": PASSWORD}).json()["also"] == ["recovery"]
    assert browser.post("/sign-in/recovery", {"code": codes[0]}).json()["step"] == "elsewhere"
    assert browser.post("/sign-in/take-over").json()["step"] == "done"
    assert browser.post("/enrol/totp").code == "DEVICE_THERE"
    assert browser.post("/me/totp/remove").status == 204
    assert browser.get("/me").code == "SIGN_IN_UNFINISHED"
    device = pyotp.TOTP(browser.post("/enrol/totp").json()["totp"]["secret"])
    assert browser.post("/enrol/totp/code", {"code": town.code(device)}).json() == {"codes": []}
    assert browser.get("/me/ways").json()["recovery_codes"] == 9


def test_ways_in_want_to_know_who_sits_there(town: ApiTown) -> None:
    """ASVS 7.5.1: five minutes after signing in each change is refused, once as a fact; by the password they go on."""
    town.somebody("vera.olmi", Role.OPERATOR)
    browser = town.signed_in("vera.olmi")
    assert browser.get("/me/ways").json()["again"] is False
    town.clock.advance(FRESH // SECOND)
    assert browser.get("/me/ways").json()["again"] is True
    before = len(town.acts("auth"))
    for path in ("/me/recovery", "/me/recovery", "/enrol/totp", "/me/totp/remove", "/enrol/passkey/options"):
        answer = browser.post(path)
        assert (answer.status, answer.code) == (403, "AGAIN_REQUIRED"), path
    assert [act.values["what"] for act in town.acts("auth")][before:] == ["refused"] * 4
    assert browser.post("/me/again", {"password": "sbagliata di grosso"}).code == "SIGN_IN_REFUSED"
    old = browser.cookies["torrazzo"]
    assert browser.post("/me/again", {"password": PASSWORD}).status == 200
    assert browser.cookies["torrazzo"] != old
    assert len(browser.post("/me/recovery").json()["codes"]) == 10
    assert [act.values["what"] for act in town.acts("auth")][before + 4 :] == ["refused", "again", "recovery"]
    browser.cookies["torrazzo"] = old
    assert browser.get("/me").code == "SESSION_NONE"


def test_unlocking_gives_another_token(town: ApiTown) -> None:
    """ASVS 7.2.4: the one before is dead; the answer has the new word for what changes something."""
    town.somebody("ivo.salce", Role.OPERATOR)
    browser = town.signed_in("ivo.salce")
    old = browser.cookies["torrazzo"]
    browser.post("/lock")
    assert browser.post("/unlock", {"password": PASSWORD}).status == 200
    assert browser.cookies["torrazzo"] != old
    assert browser.post("/active").status == 204
    browser.cookies["torrazzo"] = old
    assert browser.get("/me").code == "SESSION_NONE"


# -- one's own


def test_idle_locks_and_looking_is_no_activity(town: ApiTown) -> None:
    """A page that only asks is idle after ten minutes; its person goes on by the password, and ends after 12 hours."""
    town.somebody("ida.grigi", Role.OPERATOR)
    browser = town.signed_in("ida.grigi")
    town.clock.advance(IDLE // SECOND - 10)
    assert browser.get("/me").status == 200
    assert browser.post("/active").status == 204
    town.clock.advance(IDLE // SECOND - 10)
    assert browser.get("/me").status == 200
    town.clock.advance(20)
    assert (browser.get("/me").status, browser.get("/system").code) == (401, "SESSION_LOCKED")
    browser.csrf = browser.get("/me").json()["csrf"]  # as a page that was loaded anew finds it
    assert browser.post("/unlock", {"password": "sbagliata di grosso"}).code == "SIGN_IN_REFUSED"
    assert browser.post("/unlock", {"password": PASSWORD}).json()["person"]["name"] == "Ida Grigi"
    for _ in range(ABSOLUTE // IDLE + 1):
        town.clock.advance(IDLE // SECOND - 10)
        browser.post("/active")
    assert browser.get("/me").code == "SESSION_OVER"


def test_wishes_follow_a_person(sessions: Sessions) -> None:
    """Language and theme, each by itself."""
    browser = sessions[Role.DESIGNATO]
    assert browser.get("/me").json()["wishes"] == {"language": None, "theme": None}
    assert browser.ask("PATCH", f"{ROOT}/me", {"theme": "dark"}).json()["wishes"]["theme"] == "dark"
    browser.ask("PATCH", f"{ROOT}/me", {"language": "it"})
    assert browser.get("/me").json()["wishes"] == {"language": "it", "theme": "dark"}


def test_a_shift_is_opened_and_handed_over(town: ApiTown) -> None:
    """With a standing reason; the next one reads the note and takes it over; each has its fact."""
    for name in ("nino.uno", "rina.due"):
        town.somebody(name, Role.OPERATOR)
    first, second = town.signed_in("nino.uno"), town.signed_in("rina.due")
    assert first.post("/shift", {"reason": "boh"}).code == "REASON_REQUIRED"
    assert first.post("/shift", {"reason": WHY}).json()["current"]["reason"] == WHY
    assert first.post("/shift", {"reason": WHY}).code == "SHIFT_THERE"
    assert first.get("/me").json()["shift"]["person"]["name"] == "Nino Uno"
    assert first.post("/shift/close", {"note": "telecamera 4 sporca"}).json()["current"] is None
    assert second.get("/shift").json()["previous"]["note"] == "telecamera 4 sporca"
    number = int(second.post("/shift", {"reason": WHY}).json()["current"]["id"])
    assert second.post("/shift/close", {"note": ""}).status == 200
    (mine,) = [each for each in second.get("/shifts").json()["items"] if each["id"] == str(number)]
    assert (mine["why"], mine["takes"]) == ("close", str(number - 1))
    assert [act.values["what"] for act in town.acts("shift")][-4:] == ["open", "hand-over", "open", "close"]


# -- people


def test_somebody_is_made_by_two(town: ApiTown, sessions: Sessions) -> None:
    """An administrator applies, who commands approves; the link is for the new one, and each step has its fact."""
    admin, commander = sessions[Role.ADMIN], sessions[Role.DESIGNATO]
    act = {"number": "31/2026", "date": "2026-11-20", "until": "2027-06-30", "tasks": "sala operativa"}
    person = {"name": "Nora Serra", "account": "nora.serra", "designation": act}
    wanted = {"kind": "person.create", "person": person, "roles": ["operator"], "groups": []}
    proposed = admin.post("/proposals", {"wanted": wanted, "reason": "assunta con concorso del 2026"})
    assert proposed.status == 200, proposed.body
    path = f"/proposals/{proposed.json()['number']}"
    assert admin.post(f"{path}/approve", {"reason": WHY}).code == "FORBIDDEN"
    assert commander.post("/proposals", {"wanted": wanted, "reason": WHY}).code == "FORBIDDEN"
    approved = commander.post(f"{path}/approve", {"reason": "il posto è vacante da giugno"}).json()
    assert approved["proposal"]["state"] == "done"
    assert commander.post(f"{path}/approve", {"reason": WHY}).code in {"NOT_NOW", "CONFLICT"}
    (found,) = [each for each in admin.get("/people").json()["items"] if each["account"] == "nora.serra"]
    assert (found["roles"], found["designation"]["until"]) == (["operator"], "2027-06-30")
    step = town.browser().post("/link/password", {"token": approved["token"], "password": NEW}).json()
    assert step["step"] == "enrol"
    assert [act.kind for act in town.acts("propose", "second")][-3:] == ["propose", "second", "second"]
    assert not {"propose", "second"} & {fact.kind for fact in town.staffing.staff.owed()}


def test_what_cannot_be_is_not_proposed(sessions: Sessions) -> None:
    """Conflicts of roles, names that are taken, designations that are over, people that are not there."""
    admin = sessions[Role.ADMIN]
    act = {"number": "31/2026", "date": "2026-11-20", "until": "2027-06-30"}
    person = {"name": "Zoe Serra", "account": "zoe.serra", "designation": act}

    def code(**changed: object) -> str:
        wanted = {"kind": "person.create", "person": person, "roles": ["operator"], "groups": []} | changed
        return admin.post("/proposals", {"wanted": wanted, "reason": "assunta con concorso del 2026"}).code

    assert code(roles=["operator", "admin"]) == "ROLE_CONFLICT"
    assert code(person={**person, "account": "gina.verdi"}) == "CONFLICT"
    assert code(person={**person, "designation": {**act, "until": "2020-01-01"}}) == "NOT_VALID"
    assert code(groups=["nothing"]) == "NOT_VALID"
    wanted = {"kind": "person.certify", "person": "nobody"}
    assert admin.post("/proposals", {"wanted": wanted, "reason": WHY}).code == "NOT_FOUND"


def test_suspended_at_once_given_back_by_two(town: ApiTown, sessions: Sessions) -> None:
    """Who is suspended is out at the next request; nobody suspends themselves; back they come by two."""
    town.somebody("siro.testa", Role.OPERATOR)
    browser, admin = town.signed_in("siro.testa"), sessions[Role.ADMIN]
    id_ = browser.get("/me").json()["person"]["id"]
    assert (
        admin.post(f"/people/{admin.get('/me').json()['person']['id']}/suspend", {"reason": WHY}).code == "SAME_PERSON"
    )
    assert admin.post(f"/people/{id_}/suspend", {"reason": "ha perso il telefono"}).json()["why"] == "order"
    assert (browser.get("/me").status, browser.get("/me").code) == (401, "ACCOUNT_SUSPENDED")
    wanted = {"kind": "person.reinstate", "person": id_}
    number = admin.post("/proposals", {"wanted": wanted, "reason": "ha un telefono nuovo, visto"}).json()["number"]
    commander = sessions[Role.DESIGNATO]
    assert commander.post(f"/proposals/{number}/approve", {"reason": "visto di persona oggi"}).status == 200
    assert admin.get(f"/people/{id_}").json()["suspended"] is None


def test_who_commands_is_certified_by_who_applies(town: ApiTown, sessions: Sessions) -> None:
    """Nobody confirms themselves: of the two it is the other one's hand."""
    admin, commander = sessions[Role.ADMIN], sessions[Role.DESIGNATO]
    for who in (admin, commander):
        id_ = who.get("/me").json()["person"]["id"]
        wanted = {"kind": "person.certify", "person": id_}
        number = admin.post("/proposals", {"wanted": wanted, "reason": "revisione del trimestre"}).json()["number"]
        before = admin.get(f"/people/{id_}").json()["certified"]
        town.clock.advance(1)
        done = commander.post(f"/proposals/{number}/approve", {"reason": "confermato in riunione"})
        assert done.status == 200, done.body
        assert admin.get(f"/people/{id_}").json()["certified"] > before


# -- the rest


def test_the_state_is_told_in_the_page_s_shape(sessions: Sessions) -> None:
    """Of what does not answer it says so; cameras have no pictures, and a list is a list."""
    found = sessions[Role.ADMIN].get("/system").json()
    assert (found["recorder"]["state"], found["ledger"]["state"], found["keyring"]["state"]) == ("down", "down", "down")
    assert (found["clock"]["state"], found["retention"]["state"]) == ("unknown", "unknown")
    assert sessions[Role.AUDITOR].get("/cameras").json() == {"items": []}


def test_nothing_is_changed_while_the_ledger_is_away(tmp_path: Path) -> None:
    """503 before anything was changed; looking goes on, and signing in, which says so and is told afterwards."""
    with api_town(tmp_path / "town") as town:
        town.somebody("gina.verdi", Role.OPERATOR)
        town.people.tend()
        browser = town.signed_in("gina.verdi")
        town.stop_ledger()
        answer = browser.post("/shift", {"reason": WHY})
        assert (answer.status, answer.code) == (503, "LEDGER_AWAY")
        assert browser.get("/shift").json()["current"] is None
        assert browser.get("/system").status == 200
        assert browser.post("/active").status == 204
        assert browser.ask("DELETE", f"{ROOT}/session").status == 204
        town.clock.advance(31)
        half = browser.post("/sign-in", {"name": "gina.verdi", "password": PASSWORD})
        assert half.status == 200, half.body
        done = browser.post("/sign-in/totp", {"code": town.code(town.devices["gina.verdi"])}).json()
        assert (done["step"], done["is_told"]) == ("done", False)
        town.start_ledger()
        before = len(town.acts("auth"))
        town.people.tend()
        assert [act.values["what"] for act in town.acts("auth")[before:]] == ["sign-out", "sign-in"]
        assert browser.post("/shift", {"reason": WHY}).status == 200
