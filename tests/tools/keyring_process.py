# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's process, in a thread."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

import pytest

from tests.tools.ledger_process import until
from torrazzo.base import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient, client, pace
from torrazzo.keyring.chore import Chore
from torrazzo.keyring.process import Manner, run_keyring
from torrazzo.town import Home


@contextlib.contextmanager
def running_keyring(
    home: Home, clock: Clock, chores: Sequence[Chore] = (), look_seconds: float = 0.2
) -> Iterator[None]:
    """Beside a running ledger, which it trusts by then. A look may take a minute: others work here too."""
    stop = threading.Event()
    arguments = (home.path, clock, OsDisk(), stop, Manner(look_seconds=look_seconds), chores)
    thread = threading.Thread(target=run_keyring, args=arguments)
    thread.start()
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(pace, "ANSWER_S", 60.0)
        patience.setattr(client, "TIMEOUT_SECONDS", 70)
        try:
            until(lambda: _is_trusting(home))
            yield
        finally:
            stop.set()
            thread.join(60)


def _is_trusting(home: Home) -> bool:
    keyring = KeyClient(home.path)
    try:
        if keyring.status().heads.act.head is None:
            keyring.trust_heads()  # its ring is older than the town: nothing is trusted by itself
        heads = keyring.status().heads
    except Unavailable:
        return False
    return heads.rec.head is not None and heads.act.head is not None
