# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo hold` with all processes: ledger, keyring, control room, worker; the worker is killed in between."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ledger_process import until
from tests.tools.recording import STREAM, Recording
from tests.tools.worker_town import WorkerTown, worker_town
from torrazzo.archive.fact import parse_fact
from torrazzo.base import SystemClock
from torrazzo.base.times import iso_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.ledger.act import parse_act
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.office import Office


def _film(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=320, height=240, frames=200)), 60)
    made.gap(20)
    made.shoot(make_clip(ClipSpec(width=320, height=240, frames=200)), 45)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerTown]:
    with worker_town(tmp_path_factory.mktemp("town"), _film, 300) as made:
        stream = StreamConfig(STREAM, "rtsp://127.0.0.1:9/")
        with Office(made.home, OsDisk(), SystemClock()) as office:
            office.add(Camera(STREAM.camera, "Piazza", "", False, None, True, (stream,), made.span.start))
        made.start("control-room")
        made.start("worker")
        until(made.home.people_socket.exists)
        yield made


def hold(town: WorkerTown, *words: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "torrazzo", "hold", *words, "--home", str(town.home.path))
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def listed(town: WorkerTown) -> Any:
    return json.loads(hold(town, "list", "--json").stdout)


def test_from_placing_to_release(town: WorkerTown) -> None:
    """Placed, told, copied although the worker is killed, not confirmed by oneself, released, and gone."""
    span = [iso_from_ticks(edge) for edge in (town.span.start, town.span.end)]
    town.kill("worker")
    placed = hold(town, "place", "Piazza", *span, "--case", "2026/118", "--cause", "police", "--reason", "furto")
    assert placed.returncode == 0, placed.stderr
    name = placed.stdout.strip()
    count = sum(parse_fact(told.fact).kind == "seg" for told in town.made.deliveries)
    assert f"placed: {count} segments" in placed.stderr
    (told,) = listed(town)
    assert (told["hold"], told["case"], told["segments"], told["state"]) == (name, "2026/118", count, "provisional")
    assert told["copied"] == 0
    for delay in (0.5, 1.5, 2.5):
        town.start("worker")
        time.sleep(delay)
        town.kill("worker")
    town.start("worker")
    until(lambda: listed(town)[0]["volumes"] is None)
    assert listed(town)[0]["lost"] == 0
    assert hold(town, "confirm", name, "--reason", "io").returncode != 0
    released = hold(town, "release", name, "--reason", "chiuso")
    assert released.returncode == 0, released.stderr
    assert listed(town) == []
    KeyClient(town.home.path).look()
    copies: Path = town.home.path / "vault" / "copies" / name
    until(lambda: not [path for path in copies.rglob("*") if path.is_file()])
    until(lambda: any(parse_act(line).kind == "end" for line in town.acts()))
    kinds = [parse_act(line).kind for line in town.acts()]
    assert [kind for kind in kinds if kind in {"hold", "close", "confirm", "release", "end"}] == [
        "hold", "close", "release", "end",
    ]  # fmt: skip
