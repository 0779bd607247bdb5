# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo evidence export|jobs|verify`, as the owner of the home and as another Unix user."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import other_user
from tests.tools.other_user import open_folder
from tests.tools.patience import PATIENCE_S
from tests.tools.recording import Recording
from tests.tools.served import Said
from tests.tools.worker_town import ME, WorkerTown, worker_town
from torrazzo.testing import ClipSpec, make_clip

ANOTHER = "games"


def _film(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 35)


@pytest.fixture(scope="module")
def town() -> Iterator[WorkerTown]:
    """In a folder that another user may pass through; the worker runs, and `games` may ask."""
    folder = open_folder()
    try:
        with worker_town(folder / "town", _film, 200, {ANOTHER: ("ask",), ME: ("ask", "approve")}) as made:
            for each in (made.home.path, made.home.run):
                each.chmod(0o711)
            made.start("worker")
            made.ask("/status")
            yield made
    finally:
        shutil.rmtree(folder)


def evidence(town: WorkerTown, *words: str) -> Said:
    command = (sys.executable, "-m", "torrazzo", "evidence", *words)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "TORRAZZO_HOME": str(town.home.path)},
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_the_owner_exports_and_verifies(town: WorkerTown, tmp_path: Path) -> None:
    """The command waits, tells the digest, refuses a file that is there; the verifier's word is its exit code."""
    number, out = str(town.approved(town.span)), tmp_path / "case.asice"
    said = evidence(town, "export", number, "-o", str(out), "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["bytes"], found["file"]) == (out.stat().st_size, str(out))
    assert evidence(town, "export", number, "-o", str(out)).code == 5
    published = town.home.keyring / "policy"
    assert evidence(town, "verify", str(out), "--policy", str(published)).code == 0
    assert evidence(town, "verify", str(out), "--lang", "it").code == 3
    jobs = json.loads(evidence(town, "jobs", "--json").out)
    assert (jobs[0]["state"], jobs[0]["order"]["out"]) == ("done", str(out))
    assert number in evidence(town, "jobs").out


def test_what_cannot_be_is_told(town: WorkerTown, tmp_path: Path) -> None:
    """An ask that nobody made, one of another person, a job that does not run, a key that is none: in words."""
    said = evidence(town, "export", "999", "-o", str(tmp_path / "x.asice"))
    assert (said.code, "no ask 999" in said.err) == (5, True), said
    said = evidence(town, "export", str(town.approved(town.span, "carla")), "-o", str(tmp_path / "x.asice"))
    assert (said.code, "another person's" in said.err) == (5, True), said
    assert evidence(town, "export", "1", "--cancel").code == 5
    said = evidence(town, "export", "1", "-o", str(tmp_path / "x.asice"), "--recipient", "nobody")
    assert (said.code, "age1" in said.err) == (2, True), said
    assert not list(tmp_path.iterdir())


@pytest.mark.needs_root
def test_another_user_gets_the_package_as_his_own_file(town: WorkerTown) -> None:
    """He reads it through the socket; nothing stays in the home, and of others' jobs he sees none."""
    folder = open_folder()
    try:
        entry = pwd.getpwnam(ANOTHER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        number = str(town.approved(town.span, ANOTHER))
        mine = str(town.approved(town.span))
        out = folder / "case.asice"
        home = ("--home", str(town.home.path))
        said = other_user.run(ANOTHER, "evidence", "export", number, "-o", str(out), *home)
        assert said.code == 0, said.err
        assert out.stat().st_uid == entry.pw_uid
        assert evidence(town, "verify", str(out), "--policy", str(town.home.keyring / "policy")).code == 0
        assert not list((town.home.path / "packages").iterdir())
        jobs = json.loads(other_user.run(ANOTHER, "evidence", "jobs", "--json", *home).out)
        assert {job["order"]["person"] for job in jobs} == {ANOTHER}
        said = other_user.run(ANOTHER, "evidence", "export", mine, "-o", str(folder / "x.asice"), *home)
        assert (said.code, "another person's" in said.err) == (5, True), said
        stranger = other_user.run("daemon", "evidence", "export", number, "-o", "/tmp/never.asice", *home)
        assert (stranger.code, 'no right "ask"' in stranger.err) == (5, True), stranger
    finally:
        shutil.rmtree(folder)
