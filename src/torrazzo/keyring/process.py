# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's clockwork: keys drawn ahead of time, kept, published; readers served meanwhile."""

import contextlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import UtcTicks, hour_of
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.keyring.public import DEFAULT_CLASS, KeyName
from torrazzo.keyring.sealer_setup import NONE, set_up_sealer
from torrazzo.keyring.service import KeyServer
from torrazzo.keyring.store import RingStore
from torrazzo.town.home import Home

HOURS_AHEAD = 49  # so that 48 whole hours remain until the next minute's look
HOURS_BEHIND = 1  # the machine's clock may be set back
LOOK_SECONDS = 60.0

log = structlog.get_logger(__name__)


def run_keyring(
    home: Path,
    clock: Clock,
    disk: Disk,
    stop: threading.Event,
    classes: Sequence[str] = (DEFAULT_CLASS,),
    look_seconds: float = LOOK_SECONDS,
    sealing: str = NONE,
) -> None:
    """Keep the ring of one home until `stop` is set; `sealing` is what `set_up_sealer` does for a new one.

    Raises `Refused` if another keyring runs there or the ring opens no more, `Damaged` or `Unavailable` if it can't be
    read. A disk or a TPM that fails later is logged and tried again: the keys published so far last two days.
    """
    places = Home(home)
    disk.make_folder(places.keyring)
    disk.make_folder(places.run)
    with disk.lock(places.keyring / "lock"):
        sealer = set_up_sealer(disk, places.keyring, sealing)
        store = RingStore(disk, places.keyring, sealer)
        store.load()
        _tend_or_log(store, clock.utc(), classes)
        server = KeyServer(listen_unix(places.keyring_socket), store.ring, clock, os.getuid())
        thread = threading.Thread(target=server.serve_forever, name="keyring-socket", daemon=True)
        thread.start()
        log.info("keyring_started", keys=len(store.ring.keys), level=sealer.level, why=sealer.why)
        try:
            while not stop.wait(look_seconds):
                _tend_or_log(store, clock.utc(), classes)
                server.ring = store.ring
        finally:
            server.shutdown()
            server.server_close()
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(places.keyring_socket)  # readers then know at once that nobody listens
        log.info("keyring_stopped")


def tend(store: RingStore, now: UtcTicks, classes: Sequence[str]) -> None:
    """Have a key for every hour up to 49 ahead, and its public half published; may raise OSError and `Unavailable`.

    1. Draw what is missing; it is safe on disk. 2. The public keys are published. A crash before 1 has ended loses at
    most keys that nobody knows; between 1 and 2 the next look publishes.
    """
    hour = hour_of(now)
    hours = range(hour - HOURS_BEHIND, hour + HOURS_AHEAD + 1)
    drawn = store.draw(KeyName(hour, class_) for class_ in classes for hour in hours)  # 1
    if drawn:
        log.info("keys_drawn", count=len(drawn), first=str(drawn[0]), last=str(drawn[-1]))
    store.publish(store.ring.public_keys(hours))  # 2


def _tend_or_log(store: RingStore, now: UtcTicks, classes: Sequence[str]) -> None:
    try:
        tend(store, now, classes)
    except (OSError, Unavailable) as error:
        # no traceback: a renderer that shows local variables would print the ring
        log.error("keyring_not_saved", error=str(error))  # noqa: TRY400
