# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Programs that append to one ledger, one after the other, each killed by SIGKILL at a moment drawn by lot.

python -m tests.tools.ledger_victim FOLDER LIVES SEED: prints as JSON the index after the last fact that was
acknowledged, how many lives acknowledged any, and how many failed before they were killed.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

from tests.tools.ledger import deeds, facts, opened
from torrazzo.durable import OsDisk

KEPT = 700  # entries above the minimum


def main(folder: Path, lives: int, seed: int) -> None:
    """All lives."""
    dice = random.Random(seed)
    known, useful, failed = 0, 0, 0
    for life in range(lives):
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.close(reading)
            _live(folder, known, dice.randrange(1 << 30), writing)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            said = pipe.read(1)  # it has begun; two of three are left alone until they have acknowledged something
            while life % 3 and len(said) < 3 and (more := pipe.read(1)):
                said += more
            time.sleep(dice.random() * 0.15)
            os.kill(pid, signal.SIGKILL)
            while more := pipe.read(1 << 16):
                said += more
        os.waitpid(pid, 0)
        words = said.decode().split(" ")[:-1]  # the last may be cut
        useful += len(words) > 1
        failed += "failed" in words
        known = max([known, *(int(word) for word in words if word.isdigit())])
    print(json.dumps({"known": known, "useful": useful, "failed": failed}))


def _live(folder: Path, known: int, seed: int, told: int) -> NoReturn:
    """Deliver facts, some of them again, until killed; tell the index after each batch."""
    dice = random.Random(seed)
    try:
        with opened(folder / "l.db", OsDisk(), folder=folder / "ledger") as store:
            assert store.rec.head.size >= known
            os.write(told, b"x ")
            while True:
                size = store.rec.head.size
                again = max(store.rec.minimum, size - dice.randrange(5))
                count = dice.choice((1, 20, 256, 300))
                store.append(facts(size + count - again, first=again), deeds(1))
                os.write(told, b"%d " % (size + count))
                if dice.random() < 0.3:
                    store.prune("rec", max(store.rec.minimum, size + count - KEPT))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os.write(told, b"failed ")
        os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
