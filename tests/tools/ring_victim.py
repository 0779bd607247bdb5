# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Programs that draw and shred keys, killed by SIGKILL: the n-th before its n-th system call that changes a disk.

python -m tests.tools.ring_victim FOLDER: copies FOLDER/home to FOLDER/<n> for n = 1, 2, …, and works in each until one
comes through; prints as JSON what each had ended.
"""

import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore

OLD = [KeyName(hour, "standard") for hour in range(5)]
GONE = OLD[:2]
NEW = KeyName(9, "standard")

CALLS = ("open", "write", "fchmod", "ftruncate", "fsync", "fdatasync", "replace", "unlink")


def main(folder: Path) -> None:
    """All lives, one after the other."""
    told = []
    for n in itertools.count(1):
        home = folder / str(n)
        shutil.copytree(folder / "home", home)
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.close(reading)
            _live(home, n, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode().split()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told.append({"ended": said, "code": code})
        if code == 0:
            break
    print(json.dumps(told))


def _live(home: Path, n: int, told: int) -> NoReturn:
    """Work in this home; never returns."""
    write, left = os.write, n

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **more)

        return counted

    code = 1
    try:
        for name in CALLS:
            setattr(os, name, deadly(getattr(os, name)))
        store = RingStore(OsDisk(), home, set_up_sealer(OsDisk(), home))
        store.load()
        for word, act in (("draw", lambda: store.draw([NEW])), ("shred", lambda: store.shred(GONE))):
            act()
            write(told, f"{word} ".encode())
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
