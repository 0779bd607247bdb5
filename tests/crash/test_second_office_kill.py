# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Witness and auditor, really killed: nothing is signed twice, nothing forgotten, and they go on."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.tools.served import Served
from tests.tools.witness import SOCKET, SmallLog, add, answers, make_witness
from torrazzo.auditor.settings import auditor_home
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import KINDS, LogName
from torrazzo.ledger.note import Note
from torrazzo.ledger.policy import Policy
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.witness_request import parse_signatures
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import load_settings
from torrazzo.witness.settings import load_key

LOG, FORK = SmallLog(), SmallLog(tag="other")


@contextlib.contextmanager
def process(kind: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = (sys.executable, "-m", "torrazzo", kind, "--home", str(folder))
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            for _ in range(2_400):
                if answers(f"unix:{folder / SOCKET}"):
                    break
                time.sleep(0.05)
            yield running
        finally:
            running.kill()


def test_a_witness_that_is_killed_signs_no_second_history(tmp_path: Path) -> None:
    """Five lives, killed at seeded moments while it is asked: what it signed once it never contradicts, and goes on."""
    _kill_witness(tmp_path, 5)


@pytest.mark.long
def test_a_witness_that_is_killed_fifty_times(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The same fifty times."""
    record_property("signed", _kill_witness(tmp_path, 50))


def _kill_witness(folder: Path, lives: int) -> int:
    random_ = random.Random(lives)
    home, key = make_witness(folder / "w", [LOG.key.verifier])
    address, size, signed = f"unix:{home.path / SOCKET}", 0, 0
    for _ in range(lives):
        with process("witness", home.path) as running:
            killer = threading.Timer(random_.uniform(0.05, 0.6), os.kill, (running.pid, signal.SIGKILL))
            killer.start()
            with contextlib.suppress(Unavailable):
                if size:
                    assert add(address, FORK.request(0, size)).status == 409
                    assert add(address, FORK.request(0, size + 9)).status == 409
                while size < 5_000:
                    answer = add(address, LOG.request(size, size + 1))
                    if answer.status == 409:  # it had stored the last one, and then it died
                        assert int(answer.body) == size + 1
                    else:
                        assert answer.status == 200, answer
                        text = LOG.note(size + 1).text
                        assert Note(text, parse_signatures(answer.body, text)).signed_by([key])
                        signed += 1
                    size += 1
            killer.join()
    with process("witness", home.path):
        assert add(address, LOG.request(0, 1)).body in {b"%d\n" % size, b"%d\n" % (size + 1)}
    assert signed > 0
    return signed


def test_an_auditor_of_a_real_town_is_killed_and_goes_on(tmp_path: Path) -> None:
    """Kills of recorder, ledger and auditor leave it without a finding, and its signature below new heads."""
    _kill_all(tmp_path, ("recorder", "auditor", "ledger", "auditor"))


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_an_auditor_of_a_town_that_dies_often_accuses_nobody(tmp_path: Path) -> None:
    """Fifty kills at seeded moments."""
    names = ("recorder", "ledger", "auditor", "keyring", "control-room", "worker")
    _kill_all(tmp_path, random.Random(50).choices(names, k=50))


def _kill_all(folder: Path, victims: Sequence[str]) -> None:
    served, place = Served(folder / "town"), folder / "auditor"
    with SmallTown.of_streets(2) as town, contextlib.ExitStack() as running:
        assert served.run("init", "--name", "Cremona").code == 0
        for at, url in enumerate(town.urls):
            assert served.run("camera", "add", f"Via {at}", url, "--synthetic").code == 0
        _name_auditor(served, place)
        served.start()
        running.callback(served.stop)
        served.until(lambda: served.page() and served.all_record() and served.run("ledger", "status").code == 0)
        auditor = running.enter_context(process("auditor", place))
        served.until(lambda: _is_cosigned(served))
        for victim in victims:
            time.sleep(2)
            if victim == "auditor":
                auditor.kill()
                auditor = running.enter_context(process("auditor", place))
            else:
                os.kill(_child(served, victim), signal.SIGKILL)
        served.until(served.all_record)
        size = _cosigned(served)
        served.until(lambda: _cosigned(served) > size + 2 and _is_cosigned(served))
        served.until(lambda: main(["auditor", "status", "--home", str(place)]) == 0)  # a finding would stay


def _child(served: Served, name: str) -> int:
    return int(served.until(lambda: served.children().get(name)))


def _name_auditor(served: Served, place: Path) -> None:
    identity = make_identity(served.home, load_settings(served.home), OsDisk())
    keys = [str(identity.key(LogName(kind, 1)).verifier) for kind in KINDS]
    words = ["auditor", "init", "--home", str(place), "--name", "auditor.example.it", "--listen", f"unix:{SOCKET}"]
    words += [word for key in keys for word in ("--log", key)]
    assert main([*words, "--ledger", f"unix:{served.home.ledger_socket}"]) == 0
    told = load_key(auditor_home(place), "auditor.example.it").verifier
    with served.home.settings_file.open("a") as file:
        file.write(f'\n[[ledger.witness]]\nname = "office"\nkey = "{told}"\naddress = "unix:{place / SOCKET}"\n')
        file.write("needed = true\n")


def _cosigned(served: Served) -> int:
    with contextlib.suppress(TorrazzoError):
        note = Note.parse(LedgerClient(served.home.ledger_socket).read("rec/cosigned"))
        return Checkpoint.parse(note.text).size
    return 0


def _is_cosigned(served: Served) -> bool:
    """The present head of `rec`, or one that is not much older, fulfils the town's policy."""
    with contextlib.suppress(TorrazzoError):
        client = LedgerClient(served.home.ledger_socket)
        policy = Policy.parse(served.run("ledger", "policy").out.encode())
        log = client.status()["rec"]
        size = log["size"] if isinstance(log, dict) else 0
        return policy.accept(Note.parse(client.read("rec/cosigned"))).checkpoint.size >= size - 4
    return False
