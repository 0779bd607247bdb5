# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sign-in: passwords, codes, recovery codes, lock-out."""

import sqlite3
from contextlib import closing

import pytest

from tests.tools.staffed import CHEAP, ELSEWHERE, OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.failures import OF_ACCOUNT, OF_ADDRESS
from torrazzo.access.passwords import Hasher, check_password
from torrazzo.access.sessions import AGAIN, FRESH, FULL, HALF, Opened, Where
from torrazzo.access.sign_in import LOCKED, NOBODY, WRONG
from torrazzo.access.staff import Denial
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.law import Role

NOWHERE = Where("casa", "198.51.100.9")


def test_a_password_and_a_code_open_a_session(town: StaffedTown) -> None:
    """The password alone gives half a session; the code of the device makes it whole, under another token."""
    account, device = town.enrolled("anna.rossi", Role.OPERATOR)
    town.told()
    half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    assert (half.session.stage, half.session.is_open) == (HALF, False)
    opened = town.opened(town.staffing.sign_in.second(half.token, town.code(device)).value)
    assert (opened.session.stage, opened.session.method, opened.session.needs) == (FULL, "code", ())
    assert opened.session.is_open
    assert town.staffing.sessions.session(opened.token).account.id == account.id
    with pytest.raises(Denial, match="nobody is signed in"):
        town.staffing.sessions.session(half.token)
    assert town.told() == [("auth", "sign-in", "anna.rossi")]


def test_without_a_second_factor_nothing_else_can_be_done(town: StaffedTown) -> None:
    """Somebody who has only a password is let in to get a second factor, and the session says so."""
    town.person("anna.rossi", Role.OPERATOR)
    opened = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    assert (opened.session.needs, opened.session.is_open) == (("second",), False)


def test_a_password_that_others_know_is_changed_first(town: StaffedTown) -> None:
    """AC-01: after one that was given, the session is good for changing it; then it is good."""
    account, device = town.enrolled("anna.rossi")
    given = "dato dal comando oggi"
    town.staffing.credentials.set_password(account, given, OWNER)
    half = town.opened(town.staffing.sign_in.by_password("anna.rossi", given, ROOM).value)
    opened = town.opened(town.staffing.sign_in.second(half.token, town.code(device)).value)
    assert opened.session.needs == ("password",)
    change = town.staffing.credentials.change_password
    assert change(opened.token, given, given).value.code == "PASSWORD_OLD"
    assert change(opened.token, "un'altra parola", PASSWORD).value == WRONG
    assert change(opened.token, given, PASSWORD).value
    assert town.staffing.sessions.session(opened.token).is_open


def test_a_code_counts_once(town: StaffedTown) -> None:
    """RFC 6238 section 5.2: the code of a step that counted is refused, and so is one of a step before it."""
    _, device = town.enrolled("anna.rossi")
    code, before = town.code(device), town.code(device, -1)
    for said, is_right in ((code, True), (code, False), (before, False)):
        half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
        found = town.staffing.sign_in.second(half.token, said).value
        assert (found != WRONG) is is_right, said
    town.clock.advance(30)
    town.sign_in("anna.rossi", device)


@pytest.mark.parametrize(("later", "is_right"), [(-2, False), (0, True), (1, True), (2, False)])
def test_a_devices_clock_may_be_off_by_a_step(town: StaffedTown, later: int, is_right: bool) -> None:
    """Codes of a step around now count, others do not."""
    _, device = town.enrolled("anna.rossi")
    town.clock.advance(600)
    half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    assert (town.staffing.sign_in.second(half.token, town.code(device, later)).value != WRONG) is is_right


def test_a_recovery_code_counts_once(town: StaffedTown) -> None:
    """Each of the ten stands in for the device one time, however it is written; new ones void the rest."""
    account = town.person("anna.rossi")
    opened = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    device = town.device(opened.token)
    codes = town.staffing.credentials.confirm_device(opened.token, town.code(device)).value
    assert len(set(codes)) == 10

    def tried(code: str) -> bool:
        half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
        return town.staffing.sign_in.second(half.token, code).value != WRONG

    assert tried(codes[0])
    assert not tried(codes[0])
    assert tried(codes[1].upper().replace("-", " "))
    assert town.staffing.credentials.ways(account.id).recovery_codes == 8
    town.clock.advance(60)
    new = town.staffing.credentials.renew_recovery(town.sign_in("anna.rossi", device).token).value
    assert not tried(codes[2])
    assert tried(new[2])


def test_a_lost_device_is_replaced_by_a_recovery_code_and_the_password(town: StaffedTown) -> None:
    """The old one goes; until a new one is there nothing else can be done, and then all."""
    town.person("anna.rossi")
    first = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    old = town.device(first.token)
    codes = town.staffing.credentials.confirm_device(first.token, town.code(old)).value
    half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    token = town.opened(town.staffing.sign_in.second(half.token, codes[0]).value).token
    with pytest.raises(Denial) as refused:
        town.device(token)
    assert refused.value.code == "DEVICE_THERE"
    town.staffing.credentials.remove_device(token)
    assert town.staffing.sessions.session(token).needs == ("second",)
    new = town.device(token)
    with pytest.raises(Denial):
        town.staffing.credentials.confirm_device(token, town.code(old))
    assert town.staffing.credentials.confirm_device(token, town.code(new)).value == ()  # nine are left
    assert town.staffing.sessions.session(token).is_open


def test_a_way_in_is_changed_by_who_shows_who_it_is(town: StaffedTown) -> None:
    """ASVS 7.5.1: five minutes after signing in neither codes nor a device change; the password again, and they do."""
    _, device = town.enrolled("anna.rossi")
    token, own = town.sign_in("anna.rossi", device).token, town.staffing.credentials
    town.clock.advance(FRESH // SECOND)
    for attempt in (own.renew_recovery, own.remove_device, own.begin_device):
        with pytest.raises(Denial) as refused:
            attempt(token)
        assert refused.value.code == AGAIN
    assert town.staffing.sign_in.again(token, "sbagliata sbagliata").value == WRONG
    town.told()
    token = town.opened(town.staffing.sign_in.again(token, PASSWORD).value).token
    assert town.told() == [("auth", "again", "anna.rossi")]
    assert len(own.renew_recovery(token).value) == 10
    own.remove_device(token)
    new = town.device(token)
    town.clock.advance(FRESH // SECOND + 1)
    own.confirm_device(token, town.code(new))  # was begun in time
    town.clock.advance(FRESH // SECOND)
    with pytest.raises(Denial):
        own.renew_recovery(token)
    town.clock.step(-3600)
    with pytest.raises(Denial) as back:  # a clock set back makes nothing fresh
        own.renew_recovery(token)
    assert back.value.code == AGAIN


def test_an_ipv6_network_is_one_address(town: StaffedTown) -> None:
    """Thirty failures from as many addresses of one network of 64 bits bound it all, and none beside it."""
    for n in range(OF_ADDRESS):
        assert not isinstance(_try(town, f"nobody.{n}", f"2001:db8:1:2::{n:x}"), Opened)
    assert _try(town, "nobody.at.all", "2001:db8:1:2:ffff::1") == LOCKED
    assert _try(town, "nobody.at.all", "2001:db8:1:3::1") == WRONG


def _try(town: StaffedTown, name: str, address: str) -> object:
    return town.staffing.sign_in.by_password(name, "sbagliata sbagliata", Where("sala-1", address)).value


def test_five_failures_lock_for_a_quarter_of_an_hour(town: StaffedTown) -> None:
    """AC-01: after the fifth the right password is refused, too, for 15 minutes; refusals are booked, and the lock."""
    town.person("anna.rossi")
    town.told()
    for _ in range(OF_ACCOUNT):
        assert town.staffing.sign_in.by_password("anna.rossi", "sbagliata sbagliata", ROOM).value == WRONG
    assert [what for _, what, _ in town.told()] == ["refused"] * OF_ACCOUNT + ["locked"]
    until = town.staffing.sign_in.locked_until("anna.rossi", ELSEWHERE.address)
    assert until == town.clock.utc() + 15 * 60 * 90_000
    assert town.staffing.sign_in.locked_until("bruno.verdi", ROOM.address) is None
    town.clock.advance(15 * 60 - 1)
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ELSEWHERE).value == LOCKED
    assert town.told() == []
    town.clock.advance(1)
    assert town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)


def test_wrong_codes_lock_as_wrong_passwords_do(town: StaffedTown) -> None:
    """Who knows the password cannot try codes for ever: five end what is half, and lock the account."""
    town.enrolled("anna.rossi")
    half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    for _ in range(OF_ACCOUNT):
        assert town.staffing.sign_in.second(half.token, "000000").value == WRONG
    with pytest.raises(Denial):
        town.staffing.sign_in.second(half.token, "000000")
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value == LOCKED


def test_a_right_password_does_not_wipe_out_wrong_codes(town: StaffedTown) -> None:
    """Failures are forgotten when all was right, and not halfway."""
    town.enrolled("anna.rossi")
    for _ in range(OF_ACCOUNT):
        half = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
        town.staffing.sign_in.second(half.token, "000000")
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value == LOCKED


def test_whether_there_is_such_an_account_is_not_told(town: StaffedTown) -> None:
    """Wrong password and unknown name have the same answers, lock included; no fact repeats what was typed there."""
    town.person("anna.rossi")
    town.told()
    answers = [
        [town.staffing.sign_in.by_password(name, "sbagliata sbagliata", ROOM).value for _ in range(OF_ACCOUNT + 1)]
        for name in ("anna.rossi", "la mia password segreta")
    ]
    assert answers[0] == answers[1]
    assert answers[0][-2:] == [WRONG, LOCKED]
    assert {who for _, _, who in town.told()} == {"anna.rossi", NOBODY}


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    """Where no password is known one is compared all the same, at the same cost."""

    class Counting(Hasher):
        def __init__(self) -> None:
            super().__init__(CHEAP)
            self.verified: list[str] = []
            argon = self._argon

            class Argon:
                def __getattr__(inner, name: str) -> object:  # noqa: N805
                    return getattr(argon, name)

                def verify(inner, known: str, password: str) -> bool:  # noqa: N805
                    self.verified.append(known.rsplit("$", 2)[0])
                    return argon.verify(known, password)

            self._argon = Argon()  # type: ignore[assignment]

    hasher = Counting()
    known = hasher.hash(PASSWORD)
    assert hasher.is_it(known, PASSWORD)
    assert not hasher.is_it(known, "un'altra parola")
    assert not hasher.is_it(None, PASSWORD)
    assert not hasher.is_it(None, "of no account at all")
    assert len(hasher.verified) == 4
    assert len(set(hasher.verified)) == 1
    assert hasher.verified[0].startswith("$argon2id$")


def test_an_address_is_bounded(town: StaffedTown) -> None:
    """Thirty failures from one address, over whatever accounts, lock it and nobody elsewhere."""
    town.person("anna.rossi")
    for n in range(OF_ADDRESS):
        assert town.staffing.sign_in.by_password(f"nome-{n // 4}", "sbagliata sbagliata", NOWHERE).value == WRONG
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, NOWHERE).value == LOCKED
    assert town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    town.clock.advance(15 * 60)
    assert town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, NOWHERE).value)


def test_failures_outlive_a_restart(town: StaffedTown) -> None:
    """Whoever makes the process start anew has no new tries."""
    town.person("anna.rossi")
    for _ in range(OF_ACCOUNT):
        town.again().sign_in.by_password("anna.rossi", "sbagliata sbagliata", ROOM)
    assert town.again().sign_in.by_password("anna.rossi", PASSWORD, ROOM).value == LOCKED


@pytest.mark.parametrize(
    "password",
    [
        "corta",
        "undici car.",
        "x" * 129,
        "aaaaaaaaaaaaaaa",
        "anna.rossi anna",
        "la Rossi di Cremona",
        "ROSSI 1234567890",
        "password1234",
        "Password2026!",
        "Torrazzo-2026",
        "polizialocale1",
        "passwordpassword",
        "123456789012",
        "1q2w3e4r5t6y",
        "qwertyuiop123",
        "12345 67890 12",
        "P4ssw0rd!2026",
        "Polizia Locale di Cremona",
        "cremona-2026!!",
        "abcabcabcabc",
        "Forza.Juventus.1897",
    ],
)
def test_what_is_no_password_is_refused(password: str) -> None:
    """Too short, too long, one letter, with the person's own name in it, or what anybody tries first."""
    with pytest.raises(Invalid):
        check_password(password, "anna.rossi", "Anna Rossi", "Cremona")


@pytest.mark.parametrize(
    "password",
    [
        "dodici caratt",
        "il Torrazzo di Cremona suona a mezzanotte",
        "tutte minuscole va bene",
        "пароль длинный",
        "84729 10385 62",
        "la password del gatto",
    ],
)
def test_there_are_no_rules_of_composition(password: str) -> None:
    """Twelve characters are enough, of whatever kind."""
    check_password(password, "anna.rossi", "Anna Rossi", "Cremona")


def test_one_password_however_it_is_typed() -> None:
    """Composed and decomposed letters are the same password."""
    hasher = Hasher(CHEAP)
    assert hasher.is_it(hasher.hash("perché no cremona"), "perche\u0301 no cremona")


def test_nothing_that_signs_in_stands_in_the_database(town: StaffedTown) -> None:
    """Neither passwords, tokens, recovery codes nor a device's secret are in `office.db` or its journal."""
    town.person("anna.rossi")
    opened = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, ROOM).value)
    device = town.device(opened.token)
    codes = town.staffing.credentials.confirm_device(opened.token, town.code(device)).value
    link = town.staffing.links.make(opened.session.account.id, OWNER).value
    stored = b"".join(path.read_bytes() for path in town.home.path.glob("office.db*"))
    assert b"anna.rossi" in stored
    for secret in (PASSWORD, opened.token, device.secret, link, *codes, *(code.replace("-", "") for code in codes)):
        assert secret.encode() not in stored


def test_hashes_are_argon2id(town: StaffedTown) -> None:
    """Each password is kept as argon2id writes it, with a salt of its own."""
    town.person("anna.rossi")
    town.person("bruno.verdi")
    with closing(sqlite3.connect(town.home.office_db)) as connection:
        hashes = [row[0] for row in connection.execute("SELECT hash FROM password")]
    assert len(set(hashes)) == 2
    assert all(each.startswith("$argon2id$v=19$") for each in hashes)


def test_what_is_no_text_is_counted_like_any_other_wrong_thing(town: StaffedTown) -> None:
    """Half characters in name, password or station break nothing, and buy no further tries."""
    town.person("anna.rossi")
    odd = Where("sala \ud800", "192.0.2.7")
    for _ in range(OF_ACCOUNT):
        assert town.staffing.sign_in.by_password("anna.rossi", "sbagliata \udfff sbagliata", odd).value == WRONG
    assert town.staffing.sign_in.by_password("anna.rossi", PASSWORD, odd).value == LOCKED
    assert town.staffing.sign_in.by_password("anna\ud800", PASSWORD, odd).value == WRONG
    town.clock.advance(15 * 60)
    opened = town.opened(town.staffing.sign_in.by_password("anna.rossi", PASSWORD, odd).value)
    assert opened.session.where.station == "sala ?"
