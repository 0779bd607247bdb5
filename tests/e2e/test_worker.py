# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker as a process, with ledger and keyring as processes: packages through windows of the ledger."""

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.dossier import files_of
from tests.tools.recording import Recording
from tests.tools.worker_town import CASE, ME, WorkerTown, worker_town
from torrazzo.access import Windows, read_asks
from torrazzo.base import SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.cli.worker import _copies
from torrazzo.durable import OsDisk
from torrazzo.evidence import jobs
from torrazzo.evidence.export_job import ExportJob, order
from torrazzo.evidence.jobs import Values, Work
from torrazzo.testing import ClipSpec, make_clip
from torrazzo_verify.verify import parse_policy, verify


def _film(made: Recording) -> None:
    small = make_clip(ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1))
    made.shoot(small, 60)
    made.gap(20)
    made.shoot(small, 45)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerTown]:
    with worker_town(tmp_path_factory.mktemp("town"), _film, 300) as made:
        yield made


def wait_for(town: WorkerTown, job: str, *states: str) -> Any:
    found: Any = None
    for _ in range(1200):
        found = town.ask(f"/jobs/{job}")
        if found["state"] in states:
            return found
        assert found["state"] in {"waiting", "running"}, found
        time.sleep(0.1)
    raise AssertionError(found)


def check(town: WorkerTown, path: Path) -> int:
    """With the keys that the town has published."""
    policy = (town.home.keyring / "policy").read_bytes()
    return verify(str(path), parse_policy(policy), lambda _: None)


def test_a_package_through_a_window(town: WorkerTown, tmp_path: Path) -> None:
    """Ask, approve, export: what was given is told by a close, and the package has the history of its own making."""
    town.start("worker")
    asked = town.approved(town.span)
    out = tmp_path / "case.asice"
    job = town.ask("/jobs", {"v": 1, "kind": "export", "ask": asked, "out": str(out), "recipient": None})["job"]
    done = wait_for(town, job, "done")
    assert done["result"]["verdict"] == "verified"
    assert check(town, out) == 0
    files = files_of(out)
    manifest = json.loads(files["manifest.json"])
    assert manifest["case"] == CASE
    kinds = [json.loads(line)["kind"] for line in files["history.jsonl"].splitlines()]
    assert kinds[-3:] == ["ask", "approve", "export"]
    acts = [json.loads(line) for line in town.acts()]
    window = max(at for at, act in enumerate(acts) if act["kind"] == "export")
    (close,) = (act for act in acts if act["kind"] == "close" and act["of"] == window)
    assert [shown["stream"] for shown in close["shown"]] == [str(town.made.stream)]
    (told,) = (each for each in read_asks(town.home, OsDisk(), SystemClock()) if each.number == asked)
    assert [step.number for step in told.exports] == [window]
    assert town.end("worker") == 0


@pytest.mark.parametrize("lives", [5, pytest.param(50, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
@pytest.mark.parametrize("ending", ["kill", "end"])
def test_a_worker_that_ends_in_mid_job_goes_on(ending: str, lives: int, town: WorkerTown, tmp_path: Path) -> None:
    """Killed, or asked to end, at any moment: each package is made, nothing is left behind, every window is closed."""
    town.start("worker")
    chance, ordered = random.Random(f"{ending}{lives}"), dict[str, Path]()
    for life in range(lives):
        if not ordered or town.ask(f"/jobs/{[*ordered][-1]}")["state"] == "done":
            out = tmp_path / f"{life}.asice"
            body = {"v": 1, "kind": "export", "ask": town.approved(town.span), "out": str(out), "recipient": None}
            ordered[town.ask("/jobs", body)["job"]] = out
        time.sleep(chance.uniform(0.2, 1.6))
        if ending == "kill":
            town.kill("worker")
        else:
            assert town.end("worker") in {0, -signal.SIGTERM}  # the latter: it had not even begun
        town.start("worker")
    for job, out in ordered.items():
        assert wait_for(town, job, "done")["result"]["verdict"] == "verified"
        assert check(town, out) == 0
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".pdf"} == {out.name for out in ordered.values()}
    assert town.end("worker") == 0
    acts = [json.loads(line) for line in town.acts()]
    opened = {at for at, act in enumerate(acts) if act["kind"] == "export"}
    assert opened == {act["of"] for act in acts if act["kind"] == "close"}


def test_a_ledger_that_is_killed_between_two_steps_is_waited_for(
    town: WorkerTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right behind the first step: the job asks again until there is a ledger, and then goes on."""
    monkeypatch.setattr(jobs, "_PAUSE_S", 0.2)
    waited: list[str] = []

    def waiting(error: Unavailable) -> None:
        waited.append(str(error))
        if len(waited) == 1:
            town.start("ledger")

    class Steps:
        def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
            found = jobs.patient(work, SystemClock(), waiting)(lambda _: None)
            if name == "begin":
                town.kill("ledger")
            return found

    asked, out, clock = town.approved(town.span), tmp_path / "case.asice", SystemClock()
    with Windows(town.home, OsDisk(), clock, "test") as windows:
        job = ExportJob(_copies(town.home, OsDisk(), clock, windows), OsDisk(), clock)
        assert job.run(order(asked, out, ME), Steps())["verdict"] == "verified"
    assert waited
    assert check(town, out) == 0


def test_a_job_is_cancelled(town: WorkerTown, tmp_path: Path) -> None:
    """It ends at its next sign of life and leaves nothing; what cannot be exported fails in words."""
    town.start("worker")
    asked, out = town.approved(town.span), tmp_path / "case.asice"
    order = {"v": 1, "kind": "export", "ask": asked, "out": str(out), "recipient": None}
    first, second = (town.ask("/jobs", order)["job"] for _ in range(2))
    for job in (second, first):  # the second waits for the first one's end: that one at least is cancelled in time
        town.ask(f"/jobs/{job}/cancel", {})
    wait_for(town, second, "cancelled")
    if wait_for(town, first, "cancelled", "done")["state"] == "done":
        out.unlink()
    other = town.ask("/jobs", {**order, "ask": asked + 1})["job"]
    assert "no ask" in wait_for(town, other, "failed")["error"]
    assert not list(tmp_path.iterdir())
    assert town.end("worker") == 0


def test_old_footage_is_scrubbed_without_being_asked(tmp_path: Path) -> None:
    """Of footage that has lived 60 hours the worker re-reads all, and books it hour by hour."""

    def film(made: Recording) -> None:
        made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 35)

    with worker_town(tmp_path, film, 60 * 3600) as town:
        town.start("worker")
        booked: list[Any] = []
        for _ in range(1200):
            booked = [act for act in map(json.loads, town.acts()) if act["kind"] == "scrub"]
            if sum(act["ok"] for act in booked) > 35:
                break
            time.sleep(0.1)
        assert sum(act["ok"] for act in booked) > 35
        assert not sum(act["bad"] for act in booked)
        assert town.ask("/jobs")["jobs"][0]["kind"] == "scrub"
