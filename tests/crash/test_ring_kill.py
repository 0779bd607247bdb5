# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real programs, really killed, while they draw and shred keys on a real disk."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.ring_victim import GONE, NEW, OLD
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring, ring_text
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore

REPOSITORY = Path(__file__).parents[2]


def new_life(home: Path) -> RingStore:
    store = RingStore(OsDisk(), home, set_up_sealer(OsDisk(), home))
    store.load()
    return store


@pytest.mark.parametrize("is_plain", [False, True], ids=["sealed", "plain"])
def test_a_kill_before_each_system_call_leaves_one_ring(tmp_path: Path, is_plain: bool) -> None:
    """Killed before any call, the keys are all there or those to be shredded all gone, and what had ended has ended."""
    home = tmp_path / "home"
    home.mkdir()
    keys = dict(Ring({}).with_drawn(OLD).keys)
    if is_plain:
        (home / "ring.json").write_bytes(ring_text(Ring(keys)))
    else:
        store = new_life(home)
        store.draw(OLD)
        keys = dict(store.ring.keys)
    command = [sys.executable, "-m", "tests.tools.ring_victim", str(tmp_path)]
    said = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout
    told = json.loads(said.splitlines()[-1])  # before it come logs
    assert [life["code"] for life in told] == [-signal.SIGKILL] * (len(told) - 1) + [0]
    assert len(told) > 50
    for n, life in enumerate(told, 1):
        _check(tmp_path / str(n), keys, life["ended"])
    assert told[-1]["ended"] == ["draw", "shred"]


def _check(home: Path, keys: Mapping[KeyName, PrivateKey], ended: list[str]) -> None:
    """In one home, after the next start."""
    store = new_life(home)
    store.finish()
    old = {name: key for name, key in store.ring.keys.items() if name != NEW}
    assert old in (keys, {name: key for name, key in keys.items() if name not in GONE})
    assert (old != keys) or "shred" not in ended
    assert NEW in store.ring.keys or "draw" not in ended
    store.draw([NEW])
    (path,) = home.glob("ring-*")
    assert path.name == f"ring-{store._counter}"
    roots = {path.name: int(re.sub(r"\D", "", path.name)) for path in home.glob("*root-*")}
    assert [name for name, n in roots.items() if n <= store._counter] == [path.name.replace("ring", "root")]
    assert not list(home.glob("*ring.json*"))
