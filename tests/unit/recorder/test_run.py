# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorder's process as a whole, in this one."""

import asyncio
import gc
import threading
from pathlib import Path

import pytest

from torrazzo.base.clock import SystemClock
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.recorder import run
from torrazzo.town import Home


def test_an_end_during_recovery_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next start recovers; nobody is told of an exception."""
    assert main(["init", "--home", str(tmp_path / "town")]) == 0
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    for name in ("freeze", "set_threshold"):
        monkeypatch.setattr(gc, name, lambda *_: None)
    go_on = threading.Event()
    monkeypatch.setattr(run, "recover", lambda *_, **__: go_on.wait(30))
    process = run._Process(Home(tmp_path / "town"), SystemClock(), OsDisk())

    async def life() -> int:
        asyncio.get_running_loop().call_later(0.3, process.stop.set)
        code = await process.main()
        threading.Timer(0.5, go_on.set).start()
        return code

    assert asyncio.run(life()) == 0
    assert caplog.messages == []
