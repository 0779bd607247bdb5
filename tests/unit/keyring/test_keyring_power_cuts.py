# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The power goes at each file that the gate replaces, just before it or just after: what was promised holds."""

from pathlib import Path

import pytest

from tests.tools.gate_town import OTHER_STREAM
from tests.tools.gated import SEGMENT_KEY, Gated
from torrazzo.durable import OsDisk
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.gate_request import KeyRequest
from torrazzo.keyring.heads import Heads


class PowerCut(BaseException):
    """Nothing catches it."""


class CutDisk(OsDisk):
    """Power goes with the n-th file that is replaced, before or after it is."""

    def __init__(self, at: int, *, is_after: bool) -> None:
        self.left, self.is_after = at, is_after

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        self.left -= 1
        if self.left != 0 or self.is_after:
            super().publish(path, data, mode)
        if self.left == 0:
            raise PowerCut


class Day:
    """What happens, and what was promised before the power went."""

    def __init__(self, gated: Gated) -> None:
        self.gated = gated
        self.seen = 0  # the largest head that an answer depended on
        self.closed: KeyRequest | None = None
        self.is_clock_ordered = False

    def run(self, disk: OsDisk) -> None:
        gated = self.gated
        gated.live(disk)
        gated.clock.advance(40)
        first = self._given(gated.view())
        self._given(gated.view())
        gated.parts.guard.close(gated.closing(first.window.number))
        self.closed = first
        self._see()
        with pytest.raises(Denied):
            gated.parts.guard.grant(gated.view(streams=[str(OTHER_STREAM)]))
        gated.clock.advance(40)
        gated.turn()
        gated.desk.answer("POST", "/trust-clock", b"")
        self.is_clock_ordered = True
        gated.turn()

    def _given(self, request: KeyRequest) -> KeyRequest:
        self.gated.parts.guard.grant(request)
        self._see()
        return request

    def _see(self) -> None:
        heads = self.gated.parts.guard.heads
        assert heads is not None
        assert heads.act.head is not None
        self.seen = heads.act.head.size


def _cuts(folder: Path) -> int:
    """How many files are replaced on such a day."""
    disk = CutDisk(1 << 30, is_after=False)
    Day(Gated(folder)).run(disk)
    return (1 << 30) - disk.left


@pytest.mark.parametrize("is_after", [False, True])
def test_what_was_promised_survives_a_power_cut_at_each_file(tmp_path: Path, is_after: bool) -> None:
    """Heads that an answer depended on are known, closed windows stay closed, orders are told, and new windows open."""
    cuts = _cuts(tmp_path / "whole")
    assert cuts > 8
    for at in range(1, cuts + 1):
        gated = Gated(tmp_path / f"{at}")
        day = Day(gated)
        with pytest.raises(PowerCut):
            day.run(CutDisk(at, is_after=is_after))
        if day.seen:
            head = Heads.parse((gated.home.keyring / "heads.json").read_bytes()).act.head
            assert head is not None
            assert head.size >= day.seen
        gated.live()
        if day.closed is not None:
            with pytest.raises(Denied) as denied:
                gated.parts.guard.grant(gated.request(day.closed.window.number, [1]))
            assert denied.value.reason == Reason.RESTARTED
        with_keys = gated.view()
        granted = gated.parts.guard.grant(with_keys)
        ring = gated.parts.store.ring
        found = ring.segment_keys(with_keys.sealed, granted.stream, granted.term, granted.name, granted.ns)
        assert found == {1: SEGMENT_KEY}
        gated.turn()
        orders = [fact for fact in gated.told("clock") if fact["why"] == "order"]
        assert len(orders) >= day.is_clock_ordered
