# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger of a served town, really killed while cameras record: no fact lost or doubled, and nobody else notices."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.served import Served, check_ledger
from torrazzo.base.errors import Unavailable
from torrazzo.ledger.client import LedgerClient
from torrazzo.testing.town import SmallTown

CAMERAS = 3


def test_no_kill_loses_or_doubles_a_fact(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Six kills at seeded moments: each fact of the volumes once, in order, under a signed head; no gap in between."""
    _kill(tmp_path, 6, 4.0, record_property)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_no_kill_of_fifty_loses_or_doubles_a_fact(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same fifty times; then it hangs for more than a minute, and what came meanwhile is late."""
    _kill(tmp_path, 50, 12.0, record_property, hang_s=75.0)


def _kill(
    folder: Path, kills: int, most_s: float, record_property: Callable[[str, object], None], hang_s: float = 0.0
) -> None:
    random_ = random.Random(kills)
    with SmallTown.of_streets(CAMERAS) as town:
        served = Served(folder / "town")
        assert served.run("init", "--name", "Cremona").code == 0
        for at, url in enumerate(town.urls):
            assert served.run("camera", "add", f"Via {at}", url, "--synthetic").code == 0
        served.start()
        try:
            served.until(lambda: served.page() and served.all_record(CAMERAS))
            recorder = served.children()["recorder"]
            for _ in range(kills):
                time.sleep(random_.uniform(0.0, most_s))
                served.until(lambda: "ledger" in served.children())
                os.kill(served.children()["ledger"], signal.SIGKILL)
            if hang_s:
                _hang(served, hang_s)
            served.until(lambda: _has_all(served))
            assert served.children()["recorder"] == recorder
            gaps = [gap for at in range(CAMERAS) for gap in served.json("footage", "gaps", f"Via {at}")]
            assert {gap["why"] for gap in gaps} <= {"nosignal"}, "on a busy machine a camera may stall; nothing else"
        finally:
            assert served.stop() == 0, served.log.read_text()[-4000:]
    entries = check_ledger(served.home)
    record_property("entries", len(entries))
    late = [entry for entry in entries if entry["kind"] == "late"]
    assert bool(late) == bool(hang_s)
    assert len({(entry["stream"], entry["term"], entry["n"]) for entry in late}) == len(late)


def _hang(served: Served, seconds: float) -> None:
    """The process is there and does nothing."""
    served.until(lambda: _has_all(served))
    ledger = served.children()["ledger"]
    os.kill(ledger, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(ledger, signal.SIGCONT)


def _has_all(served: Served) -> bool:
    """It is open, has read the volumes, and nothing waits."""
    with contextlib.suppress(Unavailable):
        status = LedgerClient(served.home.ledger_socket).status()
        return status.get("caught_up") is True and status["waiting"] == 0
    return False
