# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger of a town that is served: facts go in as they are recorded; what it refuses or misses is told."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.served import Served, check_ledger
from torrazzo.base import SegmentId, StreamId, SystemClock, TermId
from torrazzo.base.errors import Unavailable
from torrazzo.ledger import Policy, Proof
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.testing.town import SmallTown


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with SmallTown.of_streets(2) as town:
        served = Served(tmp_path_factory.mktemp("ledger") / "town")
        assert served.run("init", "--name", "Cremona").code == 0
        for at, url in enumerate(town.urls):
            assert served.run("camera", "add", f"Via {at}", url, "--synthetic").code == 0
        served.start()
        served.until(lambda: served.page() and served.all_record() and served.run("ledger", "status").code == 0)
        yield served
        if served.process is not None:
            served.stop()


def test_a_fact_is_proven_while_it_records(served: Served) -> None:
    """A segment recorded moments ago has a proof that the printed keys accept; status says that the ledger runs."""
    client = LedgerClient(served.home.ledger_socket)
    assert served.json("status")["ledger"] == "running"
    line = served.until(lambda: _segment(client))
    keys = served.run("ledger", "keys").out.split()
    policy = Policy.parse("".join(f"log {key}\n" for key in keys).encode() + b"quorum none\n")
    fact = _identity(line)
    Proof.parse(client.prove(fact)).accept(line, policy)


def test_a_recorder_that_hangs_is_told_silent(served: Served) -> None:
    """Stopped for 15 s, its streams have a `silent` entry each; it goes on afterwards as if nothing had been."""
    recorder, client = served.children()["recorder"], LedgerClient(served.home.ledger_socket)
    served.until(lambda: len({line["stream"] for line in _entries(client) if "stream" in line}) == 2)  # it was heard
    os.kill(recorder, signal.SIGSTOP)
    try:
        streams = {f"{each['id']}/main" for each in served.json("status")["cameras"]}
        served.until(lambda: streams == {line["stream"] for line in _entries(client) if line["kind"] == "silent"})
    finally:
        os.kill(recorder, signal.SIGCONT)
    served.until(served.all_record)
    assert served.children()["recorder"] == recorder


def test_an_older_ledger_put_back_is_told_and_stops_nothing_else(served: Served) -> None:
    """It signs nothing and says why; recording goes on, nothing spins; with the newest back, what it missed enters."""
    _segment(LedgerClient(served.home.ledger_socket))
    assert served.stop() == 0, served.log.read_text()[-4000:]
    check_ledger(served.home)
    new = served.home.ledger_db.read_bytes()
    served.home.ledger_db.unlink()
    served.start()
    served.until(lambda: served.page() and served.all_record())
    served.until(lambda: served.json("status")["ledger"] == "refused")
    assert "nothing is signed" in served.run("status").out
    state = served.json("status")
    for camera in state["cameras"]:  # what it lacks stands in the volumes
        assert f"{camera['id']}/main" in state["ledger_why"]
    served.until(served.all_record)
    time.sleep(2)
    assert served.log.read_text().count("event=ledger_refuses") == 1
    assert "event=process_died" not in served.log.read_text()
    assert served.stop() == 0
    for end in ("", "-wal", "-shm"):
        Path(f"{served.home.ledger_db}{end}").unlink(missing_ok=True)
    served.home.ledger_db.write_bytes(new)
    served.start()
    client = LedgerClient(served.home.ledger_socket)
    served.until(lambda: served.page() and served.all_record() and _has_caught_up(client))
    assert served.stop() == 0
    check_ledger(served.home)
    served.start()  # as it was found
    served.until(lambda: served.page() and served.all_record() and served.run("ledger", "status").code == 0)


def _has_caught_up(client: LedgerClient) -> bool:
    with contextlib.suppress(Unavailable):  # it is starting
        return client.status().get("caught_up") is True
    return False


def _entries(client: LedgerClient) -> list[dict[str, Any]]:
    """All of `rec`, as long as it is short."""
    return [json.loads(line) for line in _lines(client)]


def _lines(client: LedgerClient) -> list[bytes]:
    log = client.status()["rec"]
    assert isinstance(log, dict)
    if not log["size"]:
        return []
    data, found = client.read(f"rec/tile/entries/000.p/{log['size']}"), []
    while data:
        length = int.from_bytes(data[:2])
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found


def _segment(client: LedgerClient) -> bytes | None:
    """A fact of a segment; what the ledger has taken is entered at once, together with an act."""
    act = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}
    client.enter(pack_act("boot", SystemClock().utc(), act))
    return next((line for line in _lines(client) if b'"kind":"seg"' in line), None)


def _identity(line: bytes) -> SegmentId:
    found = json.loads(line)
    return SegmentId(StreamId.parse(found["stream"]), TermId.parse(found["term"]), found["n"])
