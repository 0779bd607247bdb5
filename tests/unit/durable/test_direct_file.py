# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files written past the page cache hold what was appended, to the byte."""

import errno
import os
import random
from pathlib import Path

import pytest

from torrazzo.durable import OsDisk
from torrazzo.durable.direct import BLOCK, STAGE, DirectFile


def test_any_sequence_of_appends_and_syncs_gives_the_same_bytes(tmp_path: Path) -> None:
    """Tails of every length, buffers longer than the stage, syncs anywhere: the file is their concatenation."""
    rng = random.Random(5)
    file = OsDisk().create(tmp_path / "f")
    whole = b""
    for _ in range(60):
        buffers = [rng.randbytes(rng.choice((0, 1, 176, BLOCK - 1, BLOCK, BLOCK + 1, 70_000))) for _ in range(3)]
        if rng.random() < 0.1:
            buffers.append(rng.randbytes(2 * STAGE + 5))
        file.append(buffers)
        whole += b"".join(buffers)
        assert file.size == len(whole)
        if rng.random() < 0.6:
            file.sync()
            assert (tmp_path / "f").read_bytes() == whole
    file.sync()
    file.close()
    file.close()
    assert (tmp_path / "f").read_bytes() == whole


def test_a_full_device_says_so_and_keeps_what_was_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSPC reaches the caller as it is; earlier bytes stand."""
    file = OsDisk().create(tmp_path / "f")
    if not isinstance(file, DirectFile):
        file = DirectFile(*(os.open(tmp_path / "f", os.O_WRONLY) for _ in range(2)))
    file.append([b"a" * 5_000])
    file.sync()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "pwrite", full)
    file.append([b"b" * 9_000])
    with pytest.raises(OSError, match="no space"):
        file.sync()
    monkeypatch.undo()
    file.close()
    assert (tmp_path / "f").read_bytes() == b"a" * 5_000
