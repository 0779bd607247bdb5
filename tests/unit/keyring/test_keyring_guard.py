# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate as it runs: over a folder, and a ledger that comes and goes (clocks: test_keyring_guard_clocks.py)."""

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, OTHER_STREAM, STREAM, TOWN, WITNESS, segment_line
from tests.tools.gated import SEGMENT_KEY, Gated, alarms, keys, reason, serving
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.gate_request import KeyRequest
from torrazzo.ledger.act import WINDOW
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.secret import load_identity

DAY_S = 86_400


# ------------------------------------------------------------------------------------------------- what is given


def test_a_window_in_the_ledger_opens_its_segments(tmp_path: Path) -> None:
    """Through socket and client: the keys of a window's segments, and none after it is closed, which is booked."""
    gated = Gated(tmp_path)
    request = gated.view()
    with serving(gated):
        client = KeyClient(gated.home.path)
        assert client.window_keys(request) == {1: SEGMENT_KEY}
        client.close(gated.closing(request.window.number))
    again = gated.request(request.window.number, [request.segments[0].number])
    assert reason(gated, again) == Reason.CLOSED


def test_there_is_no_other_way_to_keys(tmp_path: Path) -> None:
    """What gave keys without an entry is gone: its address is unknown, and the client opens no ring by itself."""
    gated = Gated(tmp_path)
    with pytest.raises(Invalid, match="/window-keys"):
        gated.desk.answer("POST", "/segment-keys", b"{}")
    with pytest.raises(Unavailable, match="torrazzo serve"):
        KeyClient(gated.home.path).window_keys(gated.view())


def _another_stream(gated: Gated) -> KeyRequest:
    return gated.view(streams=[str(OTHER_STREAM)])


def _another_span(gated: Gated) -> KeyRequest:
    return gated.view(t0=NOW - 3_000 * SECOND, t1=NOW - 2_000 * SECOND)


def _another_log(gated: Gated) -> KeyRequest:
    request = gated.view()
    return request._replace(act=request.rec)


def _forged_head(gated: Gated) -> KeyRequest:
    request = gated.view()
    thief = gated.town.act.note(key=SigningKey(f"{TOWN}/act", Kind.ED25519, b"t" * 32))
    return request._replace(act=request.act._replace(note=thief))


def _fork(gated: Gated) -> KeyRequest:
    request = gated.view()
    gated.town.act.entries[1] = b"another history"
    return request._replace(act=gated.town.act.shown(request.act.since))


def _another_token(gated: Gated) -> KeyRequest:
    return gated.view()._replace(token=bytes(32))


def _expired(gated: Gated) -> KeyRequest:
    request = gated.view()
    gated.clock.advance(WINDOW / SECOND)
    return request


def _replayed_after_a_start(gated: Gated) -> KeyRequest:
    request = gated.view()
    assert keys(gated, request) == {1: SEGMENT_KEY}
    gated.live()
    return gated.request(request.window.number, [request.segments[0].number])


def _one_person(gated: Gated) -> KeyRequest:
    request = gated.view()
    return request._replace(approved=(request.window, request.window))


REFUSALS: list[tuple[Callable[[Gated], KeyRequest], Reason]] = [
    (_another_stream, Reason.STREAM),
    (_another_span, Reason.SPAN),
    (_another_log, Reason.HEAD_LOG),
    (_forged_head, Reason.HEAD_FORGED),
    (_fork, Reason.HEAD_FORK),
    (_another_token, Reason.BIND),
    (_expired, Reason.EXPIRED),
    (_replayed_after_a_start, Reason.RESTARTED),
    (_one_person, Reason.KIND),
]


@pytest.mark.parametrize(("make", "why"), REFUSALS, ids=lambda case: getattr(case, "__name__", str(case)))
def test_what_is_not_proven_is_refused_and_booked(
    tmp_path: Path, make: Callable[[Gated], KeyRequest], why: Reason
) -> None:
    """A proof for something else gives no key, and leaves a fact."""
    gated = Gated(tmp_path)
    assert reason(gated, make(gated)) == why


def test_a_reader_that_was_overtaken_is_not_accused(tmp_path: Path) -> None:
    """Whoever goes on from a head that was taken, and comes after a larger one, asks anew; no fact tells of it."""
    gated = Gated(tmp_path)
    slow = gated.view()
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}
    shown = gated.town.act.shown(slow.act.since, slow.window.number + 1)
    with pytest.raises(Denied) as denied:
        keys(gated, slow._replace(act=shown))
    assert denied.value.reason == Reason.HEAD_STALE
    gated.turn()
    assert gated.told("refuse") == []


# --------------------------------------------------------------------------------------------- heads on the disk


class BreakingDisk(OsDisk):
    """The power goes before, or just after, one of these files is replaced."""

    def __init__(self, name: str, *, but_persists: bool) -> None:
        self.name, self.but_persists = name, but_persists

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name != self.name or self.but_persists:
            super().publish(path, data, mode)
        if path.name == self.name:
            raise OSError(errno.EIO, "Input/output error", str(path))


@pytest.mark.parametrize("but_persists", [False, True])
def test_no_key_leaves_before_the_heads_are_safe(tmp_path: Path, but_persists: bool) -> None:
    """Where the heads can't be stored the reader gets nothing; after a start the same window gives, or is closed."""
    gated = Gated(tmp_path)
    request = gated.view()
    gated.parts.guard._store._disk = BreakingDisk("heads.json", but_persists=but_persists)
    with pytest.raises(Unavailable, match="heads"):
        keys(gated, request)
    gated.live()
    again = gated.request(request.window.number, [request.segments[0].number])
    if but_persists:  # the head that covers the window was seen by the life before
        assert reason(gated, again) == Reason.RESTARTED
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}


def test_after_a_crash_between_heads_and_answer_the_window_is_opened_anew(tmp_path: Path) -> None:
    """What was seen is on disk before the answer: the next life goes on from there, the old window is over."""
    gated = Gated(tmp_path)
    request = gated.view()
    gated.parts.guard.grant(request)  # and the power goes before the answer is out
    seen = gated.parts.guard.heads
    gated.ledger.is_away = True
    gated.live()
    found = gated.parts.guard.heads
    assert seen is not None
    assert found is not None
    assert found.pack() == seen.pack()
    gated.ledger.is_away = False
    assert reason(gated, gated.request(request.window.number, [request.segments[0].number])) == Reason.RESTARTED
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}


def test_a_ledger_that_begins_anew_is_noticed(tmp_path: Path) -> None:
    """A ledger that was put back, or has another history, is an alarm that is booked once, and gives no keys."""
    gated = Gated(tmp_path)
    gated.view()
    gated.turn()
    gated.town.act.entries[1:] = [b"another", *gated.town.act.entries[2:]]
    for _ in range(3):
        gated.town.act.entries.append(b"more")
        gated.turn()
    assert any("head of act" in alarm for alarm in alarms(gated))
    assert [(fact["why"], fact.get("log")) for fact in gated.told("refuse")] == [("head-fork", "act")]
    assert reason(gated, gated.view()) == Reason.HEAD_FORK


def test_a_shorter_ledger_is_noticed(tmp_path: Path) -> None:
    """One that was put back, and has fewer entries than were seen, is an alarm once it is so at several looks."""
    gated = Gated(tmp_path)
    gated.view()
    gated.turn()
    assert not alarms(gated)
    del gated.town.rec.entries[1:]
    for _ in range(3):
        gated.turn()
    assert any("head of rec" in alarm for alarm in alarms(gated))


# ---------------------------------------------------------------------------------------------- whom it believes


def test_the_first_heads_are_trusted_once_and_told(tmp_path: Path) -> None:
    """In a new town the keyring takes the heads that it is shown first, and says so in `act`; never again later."""
    gated = Gated(tmp_path)
    gated.turn()
    told = [(fact["log"], fact["size"]) for fact in gated.told("trust")]
    assert told == [("act", 2), ("rec", 1)]  # its boot was there first
    gated.live()
    gated.turn()
    assert len(gated.told("trust")) == 2


@pytest.mark.parametrize("name", ["heads.json", "policy"])
def test_that_what_it_believed_is_gone_is_an_alarm(name: str, tmp_path: Path) -> None:
    """Whichever of the two files was deleted: it is told by its name, also before anybody wants to look."""
    gated = Gated(tmp_path)
    gated.view()
    gated.turn()
    (gated.home.keyring / name).unlink()
    gated.live()
    gated.turn()
    with serving(gated):
        alarms = KeyClient(gated.home.path).status().alarms
    assert any(f"keyring/{name}: it is gone" in alarm and "trust-heads" in alarm for alarm in alarms), alarms


def test_a_keyring_without_its_heads_believes_nobody_until_people_say_so(tmp_path: Path) -> None:
    """Heads that were deleted are not replaced by what a ledger shows; `trust-heads` begins anew, and is booked."""
    gated = Gated(tmp_path)
    request = gated.view()
    (gated.home.keyring / "heads.json").unlink()
    gated.live()
    assert gated.parts.guard.heads is None
    with pytest.raises(Denied, match="trust-heads"):
        keys(gated, request)
    _make_seeds(gated)
    with serving(gated):
        KeyClient(gated.home.path).trust_heads()
    gated.turn()
    gated.turn()
    assert len(gated.told("trust")) == 4
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}


def test_a_fork_that_was_declared_is_trusted_by_order(tmp_path: Path) -> None:
    """Logs with new names are refused until people order it; the order pins the keys of the new names."""
    gated = Gated(tmp_path)
    _make_seeds(gated)
    for log, name in ((gated.town.rec, "rec.2"), (gated.town.act, "act.2")):
        log.key = _signing_key(gated, name)
        log.entries[:] = [b"the fork"]
    for _ in range(3):
        gated.turn()
    assert any("head of act" in alarm for alarm in alarms(gated))
    gated.home.policy.unlink()  # it names the old logs
    with serving(gated):
        KeyClient(gated.home.path).trust_heads()
    gated.turn()
    assert keys(gated, gated.view()) == {1: SEGMENT_KEY}
    assert not alarms(gated)


def _make_seeds(gated: Gated) -> None:
    """The seeds of the small logs' keys, where the ledger has them."""
    gated.home.ledger_key("rec").parent.mkdir(exist_ok=True)
    for name in ("rec", "act"):
        path = gated.home.ledger_key(name)
        path.write_bytes(hashlib.sha256(name.encode()).digest())
        path.chmod(0o600)


def _signing_key(gated: Gated, name: str) -> SigningKey:
    identity = load_identity(gated.home, gated.settings)
    return identity.key(identity.name_of(f"{TOWN}/{name}"))


def test_a_policy_of_witnesses_is_demanded(tmp_path: Path) -> None:
    """Where the town's policy wants a witness, a head without its signature gives nothing, and is called no forgery."""
    gated = Gated(tmp_path)
    gated.home.policy.write_text(f"witness w {WITNESS.verifier}\nquorum w\n")
    gated.live()
    assert reason(gated, gated.view()) == Reason.HEAD_UNCOSIGNED
    forged = gated.view()
    note = gated.town.act.note(key=SigningKey(gated.town.act.key.verifier.name, Kind.ED25519, bytes(32)))
    assert reason(gated, forged._replace(act=forged.act._replace(note=note))) == Reason.HEAD_FORGED
    request = gated.view()
    seconds = gated.clock.utc() // SECOND
    shown = [
        each._replace(note=log.note(seconds=seconds))
        for each, log in ((request.act, gated.town.act), (request.rec, gated.town.rec))
    ]
    assert keys(gated, request._replace(act=shown[0], rec=shown[1])) == {1: SEGMENT_KEY}


def _demanding(tmp_path: Path) -> Gated:
    """A town whose policy demands a witness, which has cosigned all that there is."""
    gated = Gated(tmp_path)
    gated.home.policy.write_text(f"witness w {WITNESS.verifier}\nquorum w\n")
    gated.ledger.cosigned_at = gated.clock.utc() // SECOND
    gated.live()
    gated.turn()
    return gated


def _behind(gated: Gated) -> None:
    """The witness stands where both logs are now; they grow."""
    logs = {"rec": gated.town.rec, "act": gated.town.act}
    gated.ledger.cosigned = {name: len(log.entries) for name, log in logs.items()}
    for log in logs.values():
        log.append(b"newer")


def test_a_head_that_waits_for_its_witness_is_nothing_wrong(tmp_path: Path) -> None:
    """The ledger is always ahead of its witnesses: the keyring follows what they signed, and books nothing."""
    gated = _demanding(tmp_path)
    for _ in range(60):
        _behind(gated)
        gated.clock.advance(5)
        gated.turn()
        assert not [alarm for alarm in alarms(gated) if "head of" in alarm]
    assert gated.told("refuse") == []
    heads = gated.parts.guard.heads
    assert heads is not None
    assert heads.rec.head is not None
    assert heads.rec.head.size == gated.ledger.cosigned["rec"]


def test_a_second_office_that_is_silent_is_told_and_accused_of_nothing(tmp_path: Path) -> None:
    """After five minutes without a cosigned head there is an alarm with the true reason, and no fact."""
    gated = _demanding(tmp_path)
    _behind(gated)
    for _ in range(58):
        gated.clock.advance(5)
        gated.turn()
    assert not [alarm for alarm in alarms(gated) if "head of" in alarm]
    for _ in range(4):
        gated.clock.advance(5)
        gated.turn()
    told = [alarm for alarm in alarms(gated) if "head of" in alarm]
    assert len(told) == 2
    assert "second office is silent: no newer head was cosigned for 5 minutes" in told[0]
    gated.ledger.cosigned = {}
    gated.turn()
    assert not [alarm for alarm in alarms(gated) if "head of" in alarm]
    assert gated.told("refuse") == []


def test_a_forged_head_is_told_though_the_witness_signed_the_one_before(tmp_path: Path) -> None:
    """What is not cosigned yet is held against what was seen all the same: another history is a fork at once."""
    gated = _demanding(tmp_path)
    _behind(gated)
    gated.town.rec.entries[0] = b"another beginning"
    gated.turn()
    gated.turn()
    assert [(fact["why"], fact.get("log")) for fact in gated.told("refuse")] == [("head-fork", "rec")]


def test_a_policy_made_in_a_town_that_runs_accuses_nobody(tmp_path: Path) -> None:
    """The heads seen before are larger than the first ones that are cosigned: the keyring waits for those."""
    gated = Gated(tmp_path)
    gated.home.policy.write_text(f"witness w {WITNESS.verifier}\nquorum w\n")
    gated.ledger.cosigned_at = gated.clock.utc() // SECOND
    gated.ledger.cosigned = {"rec": 1, "act": 1}
    gated.live()
    for _ in range(10):
        gated.clock.advance(5)
        gated.turn()
    assert gated.told("refuse") == []
    gated.ledger.cosigned = {}
    gated.turn()
    assert gated.told("refuse") == []


def test_a_policy_that_is_none_closes_the_gate_and_is_told(tmp_path: Path) -> None:
    """A broken file of the town's gives no keys and an alarm that names it; recorders still get theirs."""
    gated = Gated(tmp_path)
    gated.home.policy.write_text("witness")
    gated.live()
    assert any("policy" in alarm for alarm in alarms(gated))
    with pytest.raises(Denied):
        gated.parts.guard.grant(gated.town.request(0, [0]))


# ------------------------------------------------------------------------------------------------ its own facts


def test_while_the_ledger_is_away_facts_are_kept_and_summed(tmp_path: Path) -> None:
    """A flood of refusals costs a line for each cause, survives a crash, and is told when the ledger is back."""
    gated = Gated(tmp_path)
    gated.turn()
    wrong = gated.view()._replace(token=bytes(32))
    gated.ledger.is_away = True
    for _ in range(300):
        with pytest.raises(Denied):
            gated.parts.guard.grant(wrong)
    gated.turn()
    gated.live()
    gated.turn()
    assert gated.told("refuse") == []
    gated.ledger.is_away = False
    gated.turn()
    told = [(fact["why"], fact["of"], fact["count"]) for fact in gated.told("refuse")]
    assert told == [("bind", wrong.window.number, 300)]
    assert len(gated.told("boot")) == 2
    assert gated.parts.bookings.waiting == 0


def test_what_people_did_is_never_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the ledger is away for long, what comes by itself is left out from some number on, and nothing else is."""
    gated = Gated(tmp_path)
    gated.turn()
    gated.ledger.is_away = True
    bookings = gated.parts.bookings
    monkeypatch.setattr("torrazzo.keyring.bookings.MOST_WAITING", 20)
    for _ in range(25):
        bookings.add("clock", {"part": "keyring", "clock": "wall", "why": "off", "off": 1})
    bookings.add("rekey", {"hour": "2026111722", "class": "standard", "of": 1, "streams": [str(STREAM)], "kept": 2})
    gated.live()
    gated.ledger.is_away = False
    gated.turn()
    assert len(gated.told("clock")) == 20
    assert len(gated.told("rekey")) == 1


def test_what_was_owed_and_cannot_be_read_is_kept(tmp_path: Path) -> None:
    """A damaged `owed.json` lies beside for people, and new facts are told."""
    gated = Gated(tmp_path)
    (gated.home.keyring / "owed.json").write_bytes(b'{"v":1,"facts":')
    gated.live()
    assert (gated.home.keyring / "owed.lost").read_bytes() == b'{"v":1,"facts":'
    gated.turn()
    assert len(gated.told("boot")) == 2


def test_a_flood_costs_few_facts_a_minute(tmp_path: Path) -> None:
    """The first refusal is told at once, those after it in one fact a minute later; many causes are summed."""
    gated = Gated(tmp_path)
    gated.turn()
    bookings = gated.parts.bookings
    for _ in range(10):
        bookings.refuse("bind", 4)
        bookings.deliver()
    assert [fact["count"] for fact in gated.told("refuse")] == [1]
    gated.clock.advance(61)
    bookings.deliver()
    assert [fact["count"] for fact in gated.told("refuse")] == [1, 9]
    gated.clock.advance(61)
    for window in range(1_000):
        bookings.refuse("unproven", window)
    bookings.deliver()
    gated.clock.advance(61)
    bookings.deliver()
    told = gated.told("refuse")[2:]
    assert len(told) <= 22
    assert sum(int(str(fact["count"])) for fact in told) == 1_000


def test_a_start_is_booked(tmp_path: Path) -> None:
    """Each life has a `boot` fact with the machine's boot and the program's version."""
    gated = Gated(tmp_path)
    gated.turn()
    (told,) = gated.told("boot")
    assert (told["part"], told["boot"]) == ("keyring", gated.boot)


def test_a_sealed_key_of_another_place_opens_nothing(tmp_path: Path) -> None:
    """The gate grants a segment, and its K is another's: damage, no key."""
    gated = Gated(tmp_path)
    with pytest.raises(Damaged):
        keys(gated, gated.view()._replace(sealed=bytes(1168)))


def test_an_hour_that_is_gone_is_refused(tmp_path: Path) -> None:
    """A window does not bring a shredded key back, at once after the shred."""
    gated = Gated(tmp_path)
    request = gated.view()
    gated.parts.store.shred(list(gated.parts.store.ring.keys))
    with pytest.raises(Refused, match="no private key"):
        keys(gated, request)


def test_segments_of_one_request_count_once(tmp_path: Path) -> None:
    """Several segments of a window come in one answer, each under its number."""
    gated = Gated(tmp_path)
    request = gated.view()
    more = gated.town.rec.append(segment_line(n=2, t0=NOW - 50 * SECOND))
    both = gated.request(request.window.number, [request.segments[0].number, more])
    assert set(keys(gated, both)) == {1, 2}
