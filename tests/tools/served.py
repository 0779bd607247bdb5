# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that is served by real processes, commands on it, and its ledger held against its volumes."""

import contextlib
import io
import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.lab import facts_in
from tests.tools.ledger_process import until
from tests.tools.patience import PATIENCE_S
from torrazzo.archive.root import open_root
from torrazzo.cli import main
from torrazzo.control_room import ControlRoom
from torrazzo.durable import OsDisk
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.town import Home
from torrazzo.town.home import load_settings

EVERY_S = 0.2  # a command costs 50 ms of a core, which the town that is waited for wants


class Said(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


class Served:
    """A home, its `serve`, and commands on it."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self.process: subprocess.Popen[str] | None = None
        self.log = home.with_name("serve.log")

    def run(self, *words: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*words, "--home", str(self.home.path)])
        return Said(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.out, done.err
        return json.loads(done.out)

    def start(self) -> None:
        command = (sys.executable, "-m", "torrazzo", "serve", "--port", "0", "--home", str(self.home.path))
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def children(self) -> dict[str, int]:
        """Names and process ids."""
        assert self.process is not None
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_text().split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and len(words) > 3:
                found[words[3]] = int(folder.name)
        return found

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        """The condition's first true value; the log is shown when it never comes."""
        return until(condition, seconds, self.log, EVERY_S)

    def page(self) -> str:
        """Its address."""
        return self.home.page_address.read_text().strip() if self.home.page_address.exists() else ""

    def all_record(self, count: int = 2) -> bool:
        """Told by a control room that answers: one that was killed leaves its page's address."""
        if not ControlRoom(self.home).is_there():
            return False
        streams = [
            s for camera in self.json("status")["cameras"] for s in camera["streams"] if s["state"] != "disabled"
        ]
        return len(streams) == count and all(stream["state"] == "recording" for stream in streams)


def check_ledger(home: Home) -> list[dict[str, Any]]:
    """All facts of the volumes stand in `rec` once and in order, under a head that is signed; returns all entries.

    Nobody may be recording or writing the ledger.
    """
    disk, settings = OsDisk(), load_settings(home)
    identity = load_identity(home, settings)
    with (
        contextlib.closing(sqlite_database(home.ledger_db)) as database,
        open_ledger(database, disk, home.ledger, identity) as store,
    ):
        log = store.rec
        lines = list(log.entries(0, log.head.size))
        leaves = [leaf_hash(line) for line in lines]
        assert root_of(leaves) == log.head.root
        assert log.note.signed_by([identity.key(identity.name_of(log.head.origin)).verifier])
        for first in range(0, len(leaves), 256):
            some = leaves[first : first + 256]
            end = "" if len(some) == 256 else f".p/{len(some)}"
            assert log.resource(f"tile/0/{first // 256:03d}{end}") == b"".join(some)
    entries = [json.loads(line) for line in lines]
    numbered = [line for line, entry in zip(lines, entries, strict=True) if "prev" in entry or entry["kind"] == "term"]
    _check_order(entries)
    volumes = facts_in(disk, [open_root(disk, path) for path in settings.roots])
    assert sorted(numbered) == sorted(fact.line for facts in volumes.values() for fact in facts)
    return entries


def _check_order(entries: Sequence[dict[str, Any]]) -> None:
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in entries:
        if entry["kind"] not in {"late", "silent"}:
            numbers[entry["stream"], entry["term"]].append(entry["n"])
    for of_term in numbers.values():
        assert of_term == list(range(len(of_term)))
