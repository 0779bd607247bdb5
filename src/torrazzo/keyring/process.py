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
from torrazzo.base.times import UtcTicks, hour_of
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.keyring.public import DEFAULT_CLASS
from torrazzo.keyring.ring import Ring
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
) -> None:
    """Keep the ring of one home until `stop` is set.

    Raises `Refused` if another keyring runs there, `Damaged` or `Unavailable` if the ring can't be read. A disk that
    fails later is logged and tried again: the keys published so far last two days.
    """
    places = Home(home)
    disk.make_folder(places.keyring)
    disk.make_folder(places.run)
    with disk.lock(places.keyring / "lock"):
        store = RingStore(disk, places.ring, places.public_keys)
        ring = _tend_or_log(store, store.load(), clock.utc(), classes)
        server = KeyServer(listen_unix(places.keyring_socket), ring, clock, os.getuid())
        thread = threading.Thread(target=server.serve_forever, name="keyring-socket", daemon=True)
        thread.start()
        log.info("keyring_started", keys=len(ring.keys), path=str(places.keyring))
        try:
            while not stop.wait(look_seconds):
                server.ring = _tend_or_log(store, server.ring, clock.utc(), classes)
        finally:
            server.shutdown()
            server.server_close()
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(places.keyring_socket)  # readers then know at once that nobody listens
        log.info("keyring_stopped")


def tend(store: RingStore, ring: Ring, now: UtcTicks, classes: Sequence[str]) -> Ring:
    """The ring with a key for every hour up to 49 ahead, saved and its public keys published; may raise OSError.

    1. Draw what is missing. 2. The ring is safe on disk. 3. The public keys are published. A crash before 2 loses
    keys that nobody knows; between 2 and 3 the next look publishes.
    """
    hour = hour_of(now)
    hours = range(hour - HOURS_BEHIND, hour + HOURS_AHEAD + 1)
    missing = ring.missing(hours, classes)
    if missing:
        ring = ring.with_drawn(missing)  # 1
        store.save(ring)  # 2
        log.info("keys_drawn", count=len(missing), first=str(missing[0]), last=str(missing[-1]))
    store.publish(ring.public_keys(hours))  # 3
    return ring


def _tend_or_log(store: RingStore, ring: Ring, now: UtcTicks, classes: Sequence[str]) -> Ring:
    try:
        return tend(store, ring, now, classes)
    except OSError as error:
        # no traceback: a renderer that shows local variables would print the ring
        log.error("keyring_not_saved", error=error.strerror, file=error.filename)  # noqa: TRY400
        return ring
