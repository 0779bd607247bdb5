# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passkeys: registration and authentication, and what is refused."""

import json
from typing import Any

import pytest

from tests.tools.authenticator import PRESENT, Authenticator, b64, un64
from tests.tools.staffed import PASSWORD, ROOM, StaffedTown
from torrazzo.access.failures import OF_ACCOUNT, OF_ADDRESS
from torrazzo.access.passkeys import Site
from torrazzo.access.sessions import AGAIN, FRESH, FULL, HALF, Opened
from torrazzo.access.sign_in import LOCKED, WRONG
from torrazzo.access.staff import Denial
from torrazzo.base.times import SECOND
from torrazzo.law import Role

SITE = Site("localhost", ("http://localhost:8470",))


def _token(town: StaffedTown, name: str = "anna.rossi") -> str:
    return town.opened(town.staffing.sign_in.by_password(name, PASSWORD, ROOM).value).token


def _enrolled(town: StaffedTown, name: str = "anna.rossi", key: Authenticator | None = None) -> Authenticator:
    town.person(name, Role.OPERATOR)
    key, token = key or Authenticator(), _token(town, name)
    town.staffing.passkeys.add(token, key.make(town.staffing.passkeys.begin(token, SITE)), "portachiavi", SITE)
    town.staffing.sessions.close(token)
    town.told()
    return key


def test_a_passkey_signs_in_by_itself(town: StaffedTown) -> None:
    """Made by its signed-in owner, it opens a whole session without a name or a password."""
    town.person("anna.rossi", Role.OPERATOR)
    token, key = _token(town), Authenticator()
    codes = town.staffing.passkeys.add(token, key.make(town.staffing.passkeys.begin(token, SITE)), "chiave", SITE).value
    assert len(codes) == 10
    assert town.staffing.sessions.session(token).is_open
    town.staffing.sessions.close(token)
    town.told()
    opened = town.opened(town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value)
    assert (opened.session.account.name, opened.session.stage, opened.session.method) == ("anna.rossi", FULL, "passkey")
    assert opened.session.is_open
    assert town.told() == [("auth", "sign-in", "anna.rossi")]


def test_what_is_asked_of_the_browser(town: StaffedTown) -> None:
    """The person is to be verified, the key to be found without a name; keys that are there are not made again."""
    key = _enrolled(town)
    opened = town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value
    made = json.loads(town.staffing.passkeys.begin(town.opened(opened).token, SITE))
    assert made["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert made["rp"]["id"] == "localhost"
    assert [each["id"] for each in made["excludeCredentials"]] == [b64(key.id)]
    asked = json.loads(town.staffing.passkeys.ask(SITE))
    assert (asked["userVerification"], asked["rpId"], asked["allowCredentials"]) == ("required", "localhost", [])


@pytest.mark.parametrize(
    "flaw", [{"origin": "http://evil.example"}, {"rp_id": "evil.example"}, {"flags": PRESENT}, {"flags": 0}]
)
def test_a_passkey_of_another_site_or_of_nobody_is_refused(town: StaffedTown, flaw: dict[str, Any]) -> None:
    """Another origin, another host, or a person who was not verified: neither made nor signed in with."""
    town.person("anna.rossi")
    token, bad = _token(town), Authenticator(**flaw)
    with pytest.raises(Denial) as refused:
        town.staffing.passkeys.add(token, bad.make(town.staffing.passkeys.begin(token, SITE)), "chiave", SITE)
    assert refused.value.code == "PASSKEY_WRONG"
    good = Authenticator()
    town.staffing.passkeys.add(token, good.make(town.staffing.passkeys.begin(token, SITE)), "chiave", SITE)
    for field, value in flaw.items():
        setattr(good, field, value)
    answer = good.sign(town.staffing.passkeys.ask(SITE))
    assert town.staffing.passkeys.sign_in(answer, ROOM, SITE).value == WRONG


def test_an_answer_counts_once(town: StaffedTown) -> None:
    """The same answer again is refused, and so is one to a challenge of another process or of five minutes ago."""
    key = _enrolled(town, key=Authenticator(count=5))
    key.count = 100
    options = town.staffing.passkeys.ask(SITE)
    assert town.staffing.passkeys.sign_in(key.sign(options), ROOM, SITE).value != WRONG
    assert town.staffing.passkeys.sign_in(key.sign(options), ROOM, SITE).value == WRONG
    assert town.again().passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value == WRONG
    late = town.staffing.passkeys.ask(SITE)
    town.clock.advance(5 * 60)
    assert town.staffing.passkeys.sign_in(key.sign(late), ROOM, SITE).value == WRONG


def test_a_counter_that_goes_back_is_a_copy(town: StaffedTown) -> None:
    """A signature counter that does not grow is refused; one that is always zero is no counter."""
    key = _enrolled(town, key=Authenticator(count=5))
    key.count = 4
    assert town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value == WRONG
    for count, is_right in ((9, True), (9, False), (8, False), (10, True)):
        key.count = count
        answer = key.sign(town.staffing.passkeys.ask(SITE))
        assert (town.staffing.passkeys.sign_in(answer, ROOM, SITE).value != WRONG) is is_right, count
    without = _enrolled(town, "bruno.verdi", Authenticator(id=b"passkey-2"))
    for _ in range(2):
        without.count = -1
        answer = without.sign(town.staffing.passkeys.ask(SITE))
        assert town.staffing.passkeys.sign_in(answer, ROOM, SITE).value != WRONG


def test_somebody_elses_challenge_makes_no_passkey(town: StaffedTown) -> None:
    """What was drawn for one person is no answer for another, nor is a sign-in's."""
    town.person("anna.rossi")
    town.person("bruno.verdi")
    anna, bruno = _token(town), _token(town, "bruno.verdi")
    for options in (town.staffing.passkeys.begin(anna, SITE), town.staffing.passkeys.ask(SITE)):
        whole = json.loads(town.staffing.passkeys.begin(bruno, SITE))
        whole["challenge"] = json.loads(options)["challenge"]
        with pytest.raises(Denial):
            town.staffing.passkeys.add(bruno, Authenticator().make(json.dumps(whole)), "chiave", SITE)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": 1},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": None},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}},
        {
            "id": "AA", "rawId": "AA", "type": "public-key",
            "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"},
        },
        {
            "id": "é", "rawId": "\ud800", "type": "public-key",
            "response": {"clientDataJSON": "[]", "authenticatorData": "", "signature": ""},
        },
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(town: StaffedTown, answer: dict[str, Any]) -> None:
    """Whatever comes is refused and booked; nothing breaks."""
    town.person("anna.rossi")
    token = _token(town)
    town.told()
    assert town.staffing.passkeys.sign_in(answer, ROOM, SITE).value == WRONG
    assert town.told() == [("auth", "refused", "?")]
    with pytest.raises(Denial):
        town.staffing.passkeys.add(token, answer, "chiave", SITE)


def test_damaged_answers_are_refused(town: StaffedTown) -> None:
    """A bit that changed anywhere in what was signed, or in the signature, signs nobody in."""
    key = _enrolled(town)
    for part in ("authenticatorData", "signature", "clientDataJSON"):
        for at in range(0, 40, 7):
            answer = key.sign(town.staffing.passkeys.ask(SITE))
            data = bytearray(un64(answer["response"][part]))
            data[at] ^= 1
            answer["response"][part] = b64(bytes(data))
            where = ROOM._replace(address=f"192.0.2.{at}")
            assert town.staffing.passkeys.sign_in(answer, where, SITE).value == WRONG, (part, at)


def test_a_lock_by_wrong_passwords_stops_no_passkey(town: StaffedTown) -> None:
    """Whoever knows a name can lock its password, and keeps nobody out of the room by it."""
    key = _enrolled(town)
    for _ in range(OF_ACCOUNT):
        town.staffing.sign_in.by_password("anna.rossi", "sbagliata sbagliata", ROOM)
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value == LOCKED
    assert town.opened(town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value)


def test_wrong_passkeys_bound_an_address(town: StaffedTown) -> None:
    """Thirty, and that address is not looked at for a while, be it with a good one."""
    key = _enrolled(town)
    for _ in range(OF_ADDRESS):
        assert town.staffing.passkeys.sign_in({}, ROOM, SITE).value == WRONG
    answer = key.sign(town.staffing.passkeys.ask(SITE))
    assert town.staffing.passkeys.sign_in(answer, ROOM, SITE).value == LOCKED


def test_a_suspended_person_is_told_so(town: StaffedTown) -> None:
    """A good passkey of a suspended account signs nobody in."""
    key = _enrolled(town)
    town.clock.advance(61 * 24 * 3600)
    found = town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value
    assert found == (False, "ACCOUNT_SUSPENDED", "AC-09")


def test_a_password_alone_is_half_where_there_is_a_passkey(town: StaffedTown) -> None:
    """A passkey is a second factor: the password does not get past it."""
    _enrolled(town)
    assert town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value).session.stage == HALF


def test_a_passkey_unlocks_its_own_persons_session(town: StaffedTown) -> None:
    """Another person's does not, valid as it is."""
    anna, bruno = _enrolled(town), _enrolled(town, "bruno.verdi", Authenticator(id=b"passkey-2"))
    signed_in = town.staffing.passkeys.sign_in(anna.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value
    token = town.opened(signed_in).token
    town.staffing.sessions.lock(token)
    for key, is_right in ((bruno, False), (anna, True)):
        found = town.staffing.passkeys.again(token, key.sign(town.staffing.passkeys.ask(SITE)), SITE).value
        assert isinstance(found, Opened) is is_right
        token = found.token if isinstance(found, Opened) else token
        assert town.staffing.sessions.session(token).is_open is is_right


def test_another_passkey_wants_its_person_shown_lately(town: StaffedTown) -> None:
    """Five minutes after signing in none is begun or removed; by a passkey again, both; begun, it may take ten."""
    key = _enrolled(town)
    passkeys, sessions = town.staffing.passkeys, town.staffing.sessions
    token = town.opened(passkeys.sign_in(key.sign(passkeys.ask(SITE)), ROOM, SITE).value).token
    town.clock.advance(FRESH // SECOND)
    (known,) = passkeys.all(sessions.session(token).account.id)
    for attempt in (lambda: passkeys.begin(token, SITE), lambda: passkeys.remove(token, known.id)):
        with pytest.raises(Denial) as refused:
            attempt()
        assert refused.value.code == AGAIN
    before = token
    token = town.opened(passkeys.again(token, key.sign(passkeys.ask(SITE)), SITE).value).token
    with pytest.raises(Denial) as over:
        sessions.session(before)
    assert over.value.code == "SESSION_NONE"
    town.clock.advance(FRESH // SECOND - 1)
    options, second = passkeys.begin(token, SITE), Authenticator(id=b"passkey-2")
    town.clock.advance(60)
    passkeys.add(token, second.make(options), "chiavetta", SITE)
    assert len(passkeys.all(sessions.session(token).account.id)) == 2


def test_the_last_second_factor_stays(town: StaffedTown) -> None:
    """A passkey goes when there is another factor, and not when it is the only one."""
    key = _enrolled(town)
    signed_in = town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value
    opened = town.opened(signed_in)
    (only,) = town.staffing.passkeys.all(opened.session.account.id)
    with pytest.raises(Denial) as refused:
        town.staffing.passkeys.remove(opened.token, only.id)
    assert refused.value.code == "LAST_FACTOR"
    device = town.device(opened.token)
    town.staffing.credentials.confirm_device(opened.token, town.code(device))
    town.staffing.passkeys.remove(opened.token, only.id)
    assert town.staffing.passkeys.all(opened.session.account.id) == []
    assert town.staffing.passkeys.sign_in(key.sign(town.staffing.passkeys.ask(SITE)), ROOM, SITE).value == WRONG
