# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs on the real DBOS, in a process of their own: it allows one instance, and starts threads that stay."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# A job of three steps; the second waits once for something. Each scenario prints one line of JSON.
_PROGRAM = """
import json, os, sys, threading, time
from pathlib import Path
from torrazzo.base import SystemClock
from torrazzo.base.errors import Refused, Unavailable
from torrazzo.durable import OsDisk
from torrazzo.evidence import jobs
jobs._PAUSE_S, jobs._SLEEP_S, jobs._POLL_S, jobs._PROMPT_S = 0.05, 0.1, 1.0, 0.2
folder, scenario = Path(sys.argv[1]), sys.argv[2]
done = folder / "done"

def kind(order, steps):
    def work(name):
        def run(tell):
            with done.open("a") as file:
                file.write(name + " ")
            if name == "two" and scenario in {"die", "older"}:
                os.kill(os.getpid(), 9)
            if name == "two" and order.get("waits") and done.read_text().count("two") == 1:
                raise Unavailable("a disk is away")
            if order.get("slow"):
                for part in range(200):
                    tell(part / 200)
                    time.sleep(0.05)
            return {"name": name}
        return run
    if order.get("fails"):
        raise Refused("not allowed")
    (folder / "draft").write_text("half a package")
    parts = [("one", (0, 0.3)), ("two", (0.3, 0.6)), ("three", (0.6, 1))]
    try:
        return {"names": [steps.step(name, part, work(name))["name"] for name, part in parts]}
    finally:
        (folder / "draft").unlink()

queue = jobs.Jobs(folder / "jobs" / "jobs.db", OsDisk(), SystemClock(), {"export": kind, "scrub": kind})
order = json.loads(sys.argv[3])
was_idle = not queue.is_awake and queue.states() == []
if scenario == "older":  # as it was before orders had a version
    jobs.DBOS.enqueue_workflow, enqueue = lambda *words: enqueue(*words[:4]), jobs.DBOS.enqueue_workflow
    jobs._VERSIONS = {}
job = queue.start("export", order) if scenario != "again" else queue.newest("export").id
if scenario == "cancel":
    while queue.state(job).done < 0.01:
        time.sleep(0.02)
    queue.cancel(job)
if scenario == "beside":
    while queue.state(job).state != "running":
        time.sleep(0.02)
    other = queue.start("scrub", {})
    while queue.state(other).state != "done":
        time.sleep(0.02)
    print(json.dumps({"state": queue.state(job).state}), flush=True)
    os._exit(0)
if scenario == "doze":
    lives = []
    while len(lives) < 4:
        while queue.state(job).state != "done" or queue.is_awake:
            time.sleep(0.02)
        lives.append([thread.name for thread in threading.enumerate()])
        job = queue.start("scrub" if len(lives) % 2 else "export", {})
    print(json.dumps({"was_idle": was_idle, "threads": lives}), flush=True)
    os._exit(0)
for _ in range(2000):
    state = queue.state(job)
    if state.state not in {"waiting", "running"}:
        break
    time.sleep(0.05)
forgotten = queue.forget(2**53) if scenario == "forget" else 0
left = len(queue.states())
steps = done.read_text().split() if done.exists() else []
gave = [queue.gave(job, name) for name in ("one", "two", "four")]
told = {"done_steps": steps, "forgotten": forgotten, "left": left, "gave": gave}
print(json.dumps({**state._asdict(), **told}), flush=True)
os._exit(0)
"""


def run(folder: Path, scenario: str, **order: object) -> Any:
    """What it printed; None if it was killed."""
    command = (sys.executable, "-c", _PROGRAM, str(folder), scenario, json.dumps(order))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == -9:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_killed_job_goes_on_with_the_step_that_was_not_over(tmp_path: Path) -> None:
    """What a step gave before is not worked out anew."""
    assert run(tmp_path, "die") is None
    found = run(tmp_path, "again")
    assert (found["state"], found["result"]) == ("done", {"names": ["one", "two", "three"]})
    assert found["done_steps"] == ["one", "two", "two", "three"]
    assert found["gave"] == [{"name": "one"}, {"name": "two"}, {}], "whoever cancels asks what each step gave"


def test_a_job_of_an_older_version_ends_and_says_why(tmp_path: Path) -> None:
    """Its steps would not fit: it does not wait for ever, does nothing more, and what it left is cleared up."""
    assert run(tmp_path, "older") is None
    assert (tmp_path / "draft").exists()
    found = run(tmp_path, "again")
    assert found["state"] == "failed"
    assert found["error"].endswith("was begun by another version of torrazzo, and ends here; ask for it again")
    assert found["done_steps"] == ["one", "two"]
    assert not (tmp_path / "draft").exists()


def test_what_is_away_is_waited_for(tmp_path: Path) -> None:
    """A step whose disk, ledger or keyring is not there is tried again; the steps before it are not."""
    found = run(tmp_path, "plain", waits=True)
    assert (found["state"], found["done_steps"]) == ("done", ["one", "two", "two", "three"])


def test_a_job_that_fails_says_why(tmp_path: Path) -> None:
    """In the words of the error."""
    found = run(tmp_path, "plain", fails=True)
    assert (found["state"], found["error"]) == ("failed", "not allowed")


def test_a_cancelled_job_ends(tmp_path: Path) -> None:
    """At its next sign of life, in the middle of a step."""
    found = run(tmp_path, "cancel", slow=True)
    assert (found["state"], found["done_steps"]) == ("cancelled", ["one"])


def test_jobs_of_another_kind_run_beside(tmp_path: Path) -> None:
    """The scrub, which takes days, holds up no export, nor the other way round."""
    assert run(tmp_path, "beside", slow=True) == {"state": "running"}


def test_without_a_job_nothing_looks_for_one(tmp_path: Path) -> None:
    """DBOS, which looks into its tables several times a second, sleeps; what is ordered wakes it, again and again."""
    found = run(tmp_path, "doze")
    lives = found["threads"]
    assert found["was_idle"]
    assert len(lives) == 4
    assert all(life == lives[0] for life in lives)
    assert not [name for name in lives[0] if "queue" in name or "dbos" in name]


def test_old_jobs_are_forgotten(tmp_path: Path) -> None:
    """Those that are over."""
    found = run(tmp_path, "forget")
    assert (found["forgotten"], found["left"]) == (1, 0)


@pytest.mark.parametrize("name", ["jobs.db"])
def test_its_database_has_a_rollback_journal(name: str, tmp_path: Path) -> None:
    """One file, which a backup copies as it is; no write-ahead log beside it."""
    run(tmp_path, "plain")
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [name]
    assert (tmp_path / "jobs" / name).read_bytes()[18:20] == b"\1\1"  # SQLite's file format: legacy, not WAL
