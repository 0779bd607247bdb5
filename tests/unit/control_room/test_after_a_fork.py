# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger is forked under a control room that runs: people look on, and nothing of the old log is taken for new."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger

from tests.tools.forked import BOOT, trust
from tests.tools.forked import fork as fork_ledger
from tests.tools.ledger_process import size, until
from tests.tools.look_town import OTHER, OWNER, LookTown, look_town
from torrazzo.access import windows
from torrazzo.auditor import Auditor
from torrazzo.auditor.act_rules import FORGED
from torrazzo.auditor.source import Source
from torrazzo.auditor.store import AuditStore
from torrazzo.base.errors import Refused, Unavailable
from torrazzo.control_room.looks import NoLook
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import KINDS, LogName
from torrazzo.ledger.secret import load_identity

WISH = {
    "cameras": ["Piazza"], "stream": "main", "from": "2026-11-24T22:00:12Z", "to": "2026-11-24T22:00:15Z",
    "purpose": "crime", "recipient_class": "police", "reason": "furto", "case": "7", "recipient": "Questura",
}  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Iterator[LookTown]:
    with look_town(tmp_path) as town:
        yield town


def fork(town: LookTown) -> None:
    """And the recorder delivers again what it still has."""
    fork_ledger(town)
    town.deliver()


def ask(town: LookTown) -> int:
    asked = town.desk(OWNER).ask("POST", "/asks", WISH)
    assert asked.status == 200, asked.text
    number: int = asked.json()["number"]
    return number


def test_people_look_again_once_the_keyring_trusts_the_new_log(town: LookTown) -> None:
    """Without a restart: also where the new log has fewer entries than the control room knew the keyring had seen."""
    look = town.look()
    look.file()
    for _ in range(30):
        town.ledger.enter(pack_act("boot", town.clock.utc(), BOOT))
    look.footage.forget()
    assert look.file().size > 100_000
    look.end("done")
    fork(town)
    assert size(town.ledger, "act") < 30, "the new log has as many as were seen: this shows nothing"
    with pytest.raises(Unavailable, match="trust-heads"):
        town.look()
    trust(town)
    assert town.look().file().size > 100_000


def test_windows_of_the_old_log_are_not_closed_in_the_new_one(town: LookTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their numbers are other facts' there. They are settled all the same, and the log tells what was shown."""
    said = CapturingLogger()
    monkeypatch.setattr(windows, "log", said)
    left, renewed = town.look(), town.look(OTHER)
    left.file()
    fork(town)
    trust(town)
    town.clock.advance(14 * 60)
    with pytest.raises((Refused, NoLook), match=r"begun anew|over"):
        renewed.keep_open()
    left.end("done")
    assert town.acts("close", "view") == []
    assert [call.args[0] for call in said.calls].count("window_of_another_log") == 2
    assert town.looks.windows.settle() == 0
    look = town.look()
    look.end("done")
    ((number, _),) = town.acts("view")
    ((_, close),) = town.acts("close")
    assert close.values["of"] == number


def test_what_was_asked_for_in_the_old_log_is_asked_for_anew(town: LookTown) -> None:
    """Its number is given again: nobody who approves sees, or approves, what was asked for under it before."""
    older = [ask(town) for _ in range(3)]
    fork(town)
    trust(town)
    assert town.desk(OTHER).ask("GET", "/asks").json() == {"asks": []}
    assert town.desk(OTHER).ask("POST", f"/asks/{older[0]}/approve", {"reason": "sì"}).status != 200
    number = ask(town)
    (told,) = town.desk(OTHER).ask("GET", "/asks").json()["asks"]
    assert (told["number"], told["approvals"]) == (number, [])
    assert town.desk(OTHER).ask("POST", f"/asks/{number}/approve", {"reason": "sì"}).status == 200


def test_the_auditor_of_the_new_logs_finds_nothing(town: LookTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in what the keyring refused until it was told to trust them, nor in what people tried meanwhile."""
    monkeypatch.setattr("torrazzo.base.clock.SystemClock", lambda: town.clock)  # of the command
    town.look().end("done")
    fork(town)
    with pytest.raises(Unavailable):
        town.look()
    until(lambda: town.acts("refuse"))
    trust(town)
    until(lambda: len(town.acts("trust")) == 2)
    town.look().end("done")
    town.clock.advance(70)
    until(lambda: {act.values["why"] for _, act in town.acts("refuse")} & FORGED)
    folder = town.made.folder / "office"
    folder.mkdir()
    (folder / "mirror").mkdir()
    identity = load_identity(town.home, town.settings)
    keys = {kind: identity.key(LogName(kind, 2)).verifier for kind in KINDS}
    with contextlib.closing(AuditStore.open(folder / "audit.db")) as store:
        source = Source(f"unix:{town.home.ledger_socket}", town.clock)
        auditor = Auditor(store, lambda kind: LogFiles(OsDisk(), folder / "mirror" / kind), keys, source, town.clock)
        auditor.look()
        assert auditor.trouble is None
        found = [str(each.finding) for each in store.findings(is_open=True)]
        assert [each for each in found if not each.startswith("R5 rec")] == []  # this footage has clocks of its own
