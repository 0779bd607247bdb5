# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What gst-rtsp-server sends is what an export holds: through command line, recorder, archive and export."""

import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.interop.servers import Sent, digest, essential, gst_server
from tests.interop.town import export_all, make_town, recorded, serving
from tests.tools.mp4check import nal_units, read_tables
from torrazzo.base.clock import SystemClock

SOME = ("b_frames", "slices", "size_change", "h265_cra_rasl", "mbit16")
ALL = (
    "plain", "b_frames", "open_gop", "intra_refresh", "slices", "gop40", "fps5", "fps50", "kbit50", "mbit16",
    "size_change", "h265", "h265_cra_rasl", "h265_size_change",
)  # fmt: skip
LATE_NS = 3_000_000_000


@dataclass(frozen=True)
class Recorded:
    """A town that has recorded and was stopped."""

    exports: dict[str, Path]
    sent: dict[str, list[Sent]]
    stopped_ns: int
    spans: dict[str, list[dict[str, Any]]]
    gaps: dict[str, list[dict[str, Any]]]


def record(folder: Path, names: tuple[str, ...], seconds: float) -> Recorded:
    """Record these mounts, stop, export all."""
    home, log = folder / "town", folder / "sent.jsonl"
    options = [part for name in names for part in ("--variant", name)]
    with gst_server(log, *options) as served:
        make_town(home, {name: f"{served.base}/{name}" for name in names})
        with serving(home):
            threading.Event().wait(seconds)
            stopped_ns = SystemClock().boot_ns()
        sent = served.sent()
    spans, gaps = recorded(home), recorded(home, "gaps")
    return Recorded(export_all(home, folder), sent, stopped_ns, spans, gaps)


def check(name: str, town: Recorded) -> None:
    """One export holds every unit sent, SEI and VCL byte for byte, at the same distances, and lasts as long."""
    codec = "h265" if name.startswith("h265") else "h264"
    tables = read_tables(town.exports[name])
    found = [
        essential(codec, tuple(digest(codec, nal) for nal in nals))
        for nals in nal_units(town.exports[name], tables.samples)
    ]
    sent = town.sent[name]
    assert found == [essential(codec, each.nals) for each in sent[: len(found)]]
    assert [each.serial for each in sent[len(found) :] if each.sent_ns < town.stopped_ns - LATE_NS] == []
    assert [b.pts - a.pts for a, b in pairwise(tables.samples)] == [
        b.ticks - a.ticks for a, b in pairwise(sent[: len(found)])
    ]
    (row,) = town.spans[name]
    assert abs(tables.duration / 90_000 - row["seconds"]) < 0.05
    assert name not in town.gaps


@pytest.fixture(scope="module")
def some(needs_gst: None, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The harder streams, for eleven seconds: more than one segment."""
    return record(tmp_path_factory.mktemp("some"), SOME, 11)


@pytest.fixture(scope="module")
def everything(needs_gst: None, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """All streams for longer than the longest GOP."""
    return record(tmp_path_factory.mktemp("all"), ALL, 50)


@pytest.mark.parametrize("name", SOME)
def test_an_export_holds_all_that_was_sent(some: Recorded, name: str) -> None:
    """Recorded and exported: no access unit lost, none changed, same distances in time, no gap."""
    check(name, some)


@pytest.mark.long
@pytest.mark.parametrize("name", ALL)
def test_an_export_holds_all_that_was_sent_of_every_kind(everything: Recorded, name: str) -> None:
    """As above, of all kinds, over several segments and a GOP of 40 seconds."""
    check(name, everything)
