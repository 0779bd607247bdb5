# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keyring and ledger as processes: no key without an entry, whichever of the two dies, and when."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.patience import PATIENCE_S
from tests.tools.recording import STREAM, Recording
from torrazzo.access.gate import Gate, Opened
from torrazzo.access.window import Window
from torrazzo.access.windows import Windows
from torrazzo.archive import VolumeReader
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.record import Kind
from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND, UtcTicks, hour_of
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.keyring import Denied, KeyClient
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.private import Private
from torrazzo.ledger.tiles import split_entries
from torrazzo.testing.clips import Clip, ClipSpec, make_clip
from torrazzo.town.home import Home, new_settings, save_settings

CLIP = ClipSpec(width=160, height=120, frames=50)
WHO = Private("anna", "a bag was stolen")


class Processes:
    """A town's keyring and ledger, started and killed."""

    def __init__(self, path: Path) -> None:
        self.home, disk = Home(path), OsDisk()
        disk.make_folder(path)
        save_settings(self.home, disk, replace(new_settings(self.home, "Cremona"), trusted=("wall",)))
        self.keyring, self.ledger = KeyClient(path), LedgerClient(self.home.ledger_socket)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.recorded: list[SegmentId] = []
        self.sealed = b""
        self.span = Span(UtcTicks(0), UtcTicks(1))

    def start(self, name: str) -> None:
        command = (sys.executable, "-m", "torrazzo", name, "--home", str(self.home.path))
        with self.home.path.with_name(f"{name}.log").open("ab") as log:
            environment = {**os.environ, "TORRAZZO_TPM": "none"}
            self._running[name] = subprocess.Popen(command, stderr=log, stdout=log, env=environment)

    def end(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        process = self._running.pop(name)
        process.send_signal(number)
        process.wait(PATIENCE_S)

    def end_all(self) -> None:
        for name in list(self._running):
            self.end(name, signal.SIGTERM)

    def until(self, holds: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        waiting = threading.Event()
        for _ in range(round(seconds * 10)):
            with contextlib.suppress(TorrazzoError):
                if found := holds():
                    return found
            waiting.wait(0.1)
        pytest.fail(f"waited {seconds} s in vain; see {self.home.path.parent}")

    def knows_heads(self) -> bool:
        heads = self.keyring.status().heads
        return None not in {heads.rec.head, heads.act.head}

    def record(self, clip: Clip) -> None:
        """Half a minute, just now, within one hour."""
        start = SystemClock().utc() - 60 * SECOND
        if hour_of(start) != hour_of(start + 30 * SECOND):
            start -= 30 * SECOND
        made = Recording(self.home.path, UtcTicks(start))
        made.shoot(clip, 25)
        made.finish()
        facts = [fact for told in made.deliveries if (fact := parse_fact(told.fact)).kind == "seg"]
        self.recorded = [fact.id for fact in facts]
        self.span = Span(UtcTicks(facts[0].t0), UtcTicks(facts[-1].t1 or 0))
        path = made.root.volumes / next(told.volume for told in made.deliveries if told.volume)
        with VolumeReader.open(made.disk, path) as reader:
            self.sealed = next(reader.payload(header) for header in reader.headers() if header.kind == Kind.KEY)

    def acts(self, kind: str) -> list[dict[str, Any]]:
        size = int(self.ledger.read("act/checkpoint").decode().split("\n")[1])
        lines = split_entries(self.ledger.read(f"act/tile/entries/000.p/{size}"), size)
        return [act for line in lines if (act := json.loads(line))["kind"] == kind]

    def window(self, windows: Windows) -> Window:
        return windows.open_view(WHO, Wanted(frozenset({STREAM}), self.span), "theft")

    def keys(self, window: Window) -> dict[int, bytes]:
        ns = [segment.n for segment in self.recorded]
        return window.segment_keys(STREAM, self.recorded[0].term, 0, "standard", self.sealed, ns)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A recorded half minute; keyring and ledger run, the keyring was there first."""
    found = Processes(tmp_path_factory.mktemp("keyring") / "town")
    try:
        found.start("keyring")
        found.until(lambda: found.keyring.status().values["keys"])
        found.end("keyring")  # its ring is there, and it has never seen a head
        found.record(make_clip(CLIP))
        for name in ("keyring", "ledger"):
            found.start(name)
        found.until(found.knows_heads)
        gate = Gate(found.ledger, found.keyring, SystemClock())
        found.until(lambda: len(gate.entered(found.recorded)) == len(found.recorded))
        yield found
    finally:
        found.end_all()


@pytest.fixture
def windows(town: Processes) -> Windows:
    return Windows(town.home, OsDisk(), SystemClock(), "test")


def test_the_first_heads_were_trusted_and_told(town: Processes) -> None:
    """The ledger began after the keyring; that its first heads were taken without proof stands in it."""
    town.until(lambda: {fact["log"] for fact in town.acts("trust")} == {"rec", "act"})
    assert "keyring" in {fact["part"] for fact in town.acts("boot")}


def test_a_window_gives_keys_and_wrong_ones_are_booked(town: Processes, windows: Windows) -> None:
    """What is proven is given; another token, or another window's closing, is refused and stands in the ledger."""
    window = town.window(windows)
    assert set(town.keys(window)) == {segment.n for segment in town.recorded}
    gate = Gate(town.ledger, town.keyring, SystemClock())
    with pytest.raises(Denied) as denied:
        gate.keys(Opened(window.number, bytes(32)), town.recorded, town.sealed)
    assert denied.value.reason == Reason.BIND
    told = town.until(lambda: [fact for fact in town.acts("refuse") if fact["of"] == window.number])
    assert [(fact["why"], fact["count"]) for fact in told] == [("bind", 1)]
    window.close()


def test_each_refusal_stands_in_the_ledger(town: Processes, windows: Windows) -> None:
    """A window of another camera, of another time, or one that was closed gives nothing; each leaves its fact."""
    other = StreamId(CameraId("00000000000000aa"), "main")
    before = Span(UtcTicks(town.span.start - 600 * SECOND), town.span.start)
    elsewhere = windows.open_view(WHO, Wanted(frozenset({other}), town.span), "theft")
    earlier = windows.open_view(WHO, Wanted(frozenset({STREAM}), before), "theft")
    closed = town.window(windows)
    closed.close()
    gate, expected = Gate(town.ledger, town.keyring, SystemClock()), {}
    for window, reason in ((elsewhere, Reason.STREAM), (earlier, Reason.SPAN), (closed, Reason.CLOSED)):
        with pytest.raises(Denied) as denied:
            gate.keys(window._entered.opened, town.recorded, town.sealed)
        assert denied.value.reason == reason
        expected[window.number] = str(reason)
    town.until(lambda: _refused(town, expected) == expected)
    for window in (elsewhere, earlier):
        window.close()


def _refused(town: Processes, windows: dict[int, str]) -> dict[int, str]:
    """Why, by window."""
    return {fact["of"]: fact["why"] for fact in town.acts("refuse") if fact["of"] in windows}


def test_while_the_ledger_is_away_no_window_opens_and_then_one_does(town: Processes, windows: Windows) -> None:
    """Killed: nobody opens a window. Started again: it goes on, and so does the keyring, which lost no fact."""
    town.end("ledger")
    with pytest.raises(TorrazzoError):
        town.window(windows)
    gate = Gate(town.ledger, town.keyring, SystemClock())
    with pytest.raises(Unavailable):
        gate.keys(Opened(0, bytes(32)), town.recorded, town.sealed)
    assert town.until(lambda: town.keyring.status().values["ledger"] == "away")
    town.start("ledger")
    window = town.until(lambda: town.window(windows))
    assert town.until(lambda: town.keys(window))
    assert town.until(lambda: town.keyring.status().values["ledger"] == "answers")
    window.close()


def test_a_keyring_that_is_killed_gives_nothing_for_windows_from_before(town: Processes, windows: Windows) -> None:
    """Its next life refuses them, books that, and gives keys for a window that is opened then."""
    window = town.window(windows)
    town.keys(window)
    opened = window._entered.opened
    town.end("keyring")
    with pytest.raises(Unavailable):
        town.keys(window)
    starts = len(town.acts("boot"))
    town.start("keyring")
    town.until(lambda: len(town.acts("boot")) > starts)
    town.until(town.knows_heads)
    with pytest.raises(Denied) as denied:
        Gate(town.ledger, town.keyring, SystemClock()).keys(opened, town.recorded, town.sealed)
    assert denied.value.reason == Reason.RESTARTED
    assert town.keys(window)  # the reader opens another, which renews it
    assert window.number > opened.number
    window.close()


def test_the_command_shows_it(town: Processes, capsys: pytest.CaptureFixture[str]) -> None:
    """`keyring status` says keys, level, heads and whose time is believed; an order of people is booked."""
    assert main(["keyring", "status", "--home", str(town.home.path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"keys, from ....-..-.. ..:00:00\+0[12]:00 \(standard\) to", said)
    assert re.search(r"Footage is read by ....-..-.. ..:..:..\+0[12]:00, ", said)
    for words in ("keys, from", "Level file", "entries seen", "wall is believed", "for trials only"):
        assert words in said
    assert main(["keyring", "trust-clock", "--home", str(town.home.path)]) == 5  # nobody can be asked
    assert main(["keyring", "trust-clock", "--yes", "--home", str(town.home.path)]) == 0
    assert town.until(lambda: [fact for fact in town.acts("clock") if fact["why"] == "order"])
