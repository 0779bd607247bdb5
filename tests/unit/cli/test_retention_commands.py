# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo retention`, asked of a keyring that runs in a thread on a clock that is moved."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.ring_keys import read_ring
from torrazzo.archive.root import make_root
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import hour_of
from torrazzo.cli import main
from torrazzo.cli.retention import show
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient, run_keyring
from torrazzo.keyring.process import HOURS_AHEAD, HOURS_BEHIND, Manner
from torrazzo.retention import Retention
from torrazzo.testing import FakeClock
from torrazzo.town.home import Home, new_settings, save_settings


class Running:
    """A keyring with retention, which looks only when it is asked to."""

    def __init__(self, path: Path) -> None:
        self.home, self.disk, self.clock = Home(path), OsDisk(), FakeClock()
        settings = replace(new_settings(self.home, "Cremona"), trusted=("wall",))
        save_settings(self.home, self.disk, settings)
        self.root = make_root(self.disk, settings.roots[0], settings.node)
        self.stop = threading.Event()
        manner = Manner(look_seconds=1e6, local={"wall": lambda: True})
        chores = (Retention(self.disk, settings.roots, settings.floor_hours),)
        self.thread = threading.Thread(
            target=run_keyring, args=(path, self.clock, self.disk, self.stop, manner, chores)
        )
        self.thread.start()

    def record(self) -> None:
        now = self.clock.utc()
        writer = VolumeWriter.create(
            self.disk,
            self.root,
            hour=hour_of(now),
            retention_class="standard",
            fence=1,
            serial=1,
            utc=now,
            boot_ns=self.clock.boot_ns(),
        )
        writer.finish()

    def has_key(self, hour: int) -> bool:
        ring = read_ring(self.disk, self.home.keyring)
        assert ring is not None
        return any(name.hour == hour for name in ring.keys)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    town = Running(tmp_path)
    client, waiting = KeyClient(tmp_path), threading.Event()
    for _ in range(6_000):
        try:
            client.status()
            break
        except Unavailable:
            waiting.wait(0.01)
    yield town
    town.stop.set()
    town.thread.join(60)
    assert not town.thread.is_alive()


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*words, "--home", str(tmp_path)])
        return (code, *capsys.readouterr())

    return run


def test_a_run_does_now_what_is_due_and_nothing_else(
    running: Running, say: Callable[..., tuple[int, str, str]]
) -> None:
    """An hour's key goes with the look that `run` asks for, once it is old enough; its files wait for the ledger."""
    hour = hour_of(running.clock.utc())
    running.record()
    running.clock.advance(120)
    code, out, _ = say("retention", "run")
    assert (code, running.has_key(hour)) == (0, True)
    assert "standard  168 hours" in out
    running.clock.advance(168 * 3600 - 240 - 60)
    say("retention", "run")
    assert running.has_key(hour)
    running.clock.advance(60)
    code, out, _ = say("retention", "run")
    assert (code, running.has_key(hour)) == (1, False)
    assert "ALARM: 1 volumes wait until the ledger has the facts in them." in out
    told = json.loads(say("retention", "status", "--json")[1])
    born, gone = 2 * (HOURS_BEHIND + 1 + HOURS_AHEAD), 2  # keys of this hour and those around it, a week ago and now
    assert (told["facts_owed"], told["volumes_waiting"], told["keyring"]) == (born + gone, 1, "running")


def test_without_a_keyring_nothing_is_run_and_that_is_said(
    tmp_path: Path, say: Callable[..., tuple[int, str, str]]
) -> None:
    """`run` is refused with what to do; `status` tells what was last seen, and that nobody looks any more."""
    town = Running(tmp_path)
    waiting = threading.Event()
    while not (town.home.run / "retention.json").exists():
        waiting.wait(0.01)
    town.stop.set()
    town.thread.join(60)
    code, _, err = say("retention", "run")
    assert (code, "no keyring runs; start `torrazzo serve`" in err) == (4, True)
    code, out, err = say("retention", "status")
    assert (code, "OLDEST KEY" in out, "nothing is erased until it does" in err) == (4, True, True)
    assert re.search(r"0 B +not known yet +not known yet", out), out  # what a day costs, and for how long it lasts
    found: Any = json.loads(say("retention", "status", "--json")[1])
    assert found["keyring"] == "down"


def test_a_town_without_a_look_says_so(tmp_path: Path, say: Callable[..., tuple[int, str, str]]) -> None:
    """Before the first look there is nothing to tell."""
    save_settings(Home(tmp_path), OsDisk(), new_settings(Home(tmp_path), "Cremona"))
    code, _, err = say("retention", "status")
    assert (code, "has not looked yet" in err) == (4, True)


def test_times_are_the_towns(running: Running, say: Callable[..., tuple[int, str, str]]) -> None:
    """The table's times carry the town's offset; JSON stays in UTC."""
    running.record()
    _, out, _ = say("retention", "run")
    assert re.search(r"^Looked at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0[12]:00\.", out, re.MULTILINE)
    assert re.search(r"^standard +168 hours +\d{4}-\d\d-\d\d \d\d:00:00\+0[12]:00$", out, re.MULTILINE)
    assert json.loads(say("retention", "status", "--json")[1])["looked"].endswith("Z")


def test_an_alarm_says_the_towns_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the keyring wrote in UTC is told as people of the town say it."""
    found = {
        "looked": "2026-11-24T21:00:00.000Z", "clocks_agree": True, "classes": [], "disks": [], "early": [],
        "facts_owed": 0, "volumes_waiting": 0,
        "alarms": {"late": "2 keys should be gone, the oldest of 2026-11-17T20:00:00.000Z: see the log"},
    }  # fmt: skip
    show(found, ZoneInfo("Europe/Rome"))
    out = capsys.readouterr().out
    assert "the oldest of 2026-11-17 21:00:00+01:00: see the log" in out
    assert ".000Z" not in out
