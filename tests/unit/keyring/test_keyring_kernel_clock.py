# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the kernel says of its clock (adjtimex(2)), understood."""

import ctypes
from typing import Any

import pytest

from torrazzo.keyring import kernel_clock

OK, ERROR = 0, 5
UNSYNC, PLL = 0x40, 0x01


class Kernel:
    """Answers adjtimex."""

    def __init__(self, state: int, status: int, maxerror_us: int) -> None:
        self.state, self.status, self.maxerror_us = state, status, maxerror_us
        self.modes: int | None = None

    def adjtimex(self, found: Any) -> int:
        struct = found._obj
        self.modes = struct.modes
        struct.status, struct.maxerror = self.status, self.maxerror_us
        return self.state


@pytest.mark.parametrize(
    ("kernel", "is_kept"),
    [
        (Kernel(OK, PLL, 20_000), True),
        (Kernel(OK, PLL, 1_000_000), True),
        (Kernel(OK, PLL, 1_000_001), False),  # the service has had no answer for long
        (Kernel(OK, UNSYNC, 20_000), False),
        (Kernel(ERROR, PLL, 20_000), False),
        (Kernel(ERROR, UNSYNC, 16_000_000), False),  # as somebody who sets the clock leaves it
        (Kernel(-1, PLL, 0), False),
    ],
    ids=range(7),
)
def test_a_clock_counts_as_kept_only_by_the_kernels_word(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel, is_kept: bool
) -> None:
    """Neither the state nor the status may say otherwise, and the service must be sure within a second."""
    monkeypatch.setattr(kernel_clock, "_library", lambda: kernel)
    assert kernel_clock.is_synchronised() is is_kept
    assert kernel.modes == 0  # it only asks


def test_where_nobody_can_be_asked_no_clock_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without the call says nothing, which is no agreement."""
    monkeypatch.setattr(kernel_clock, "_library", object)
    assert kernel_clock.is_synchronised() is False


def test_the_kernel_reads_the_structure_as_we_lay_it_out() -> None:
    """Offsets are those of struct timex on 64 bits, and the call fills what we reserve."""
    timex = kernel_clock._Timex
    assert (timex.offset.offset, timex.maxerror.offset, timex.status.offset) == (8, 24, 40)
    assert ctypes.sizeof(timex) >= 208
    assert kernel_clock.is_synchronised() in {True, False}
