# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from pathlib import Path

import pytest

from tests.tools.lab import BOOT, NODE, InlineWriter
from torrazzo.archive.root import make_root
from torrazzo.recorder.journal import Delivery
from torrazzo.recorder.writer import Batch, DiskWriter
from torrazzo.testing import FakeClock, FaultyDisk


class Reports:
    """What the loop was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def synced(self, writer: DiskWriter, deliveries: list[Delivery]) -> None:
        self.said.append("synced")

    def failed(self, writer: DiskWriter, batches: list[Batch], error: OSError) -> None:
        self.said.append("failed")

    def recovered_root(self, writer: DiskWriter) -> None:
        self.said.append("recovered")


@pytest.mark.parametrize("second", [0.95, 1, 1.05])
def test_a_failed_disk_is_tried_with_every_batch(second: float) -> None:
    """Batches come once a second, never exactly: the first after the disk is well again finds it."""
    clock, disk, reports = FakeClock(), FaultyDisk(), Reports()
    writer = InlineWriter(disk, make_root(disk, Path("/r"), NODE), 1, clock, reports)
    writer.start(BOOT)
    disk.fail("append", count=None)
    for _ in range(3):
        writer.submit(Batch([], clock.boot_ns(), 0))
        clock.advance(second)
    disk.heal()
    writer.submit(Batch([], clock.boot_ns(), 0))
    assert reports.said == ["failed", "recovered"]
