# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts on their way from the disk to the catalogue; recording never waits for it."""

import threading
from collections import deque
from pathlib import Path

import structlog

from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.recorder.journal import Delivery
from torrazzo.town.ask import ask

EVERY_S = 2.0  # design: at most 10 s
HELD = 200_000  # facts kept for a catalogue that is away; it reads the rest from the volumes when it starts
AT_ONCE = 2_000

_log = structlog.get_logger()


class Deliverer:
    """Sends facts, oldest first, as `POST /facts` over a Unix socket; keeps them until they are taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: deque[Delivery] = deque(maxlen=HELD)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliver", daemon=True)
        self._away = False

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def push(self, deliveries: list[Delivery]) -> None:
        """From any thread: these are on disk."""
        with self._lock:
            self._held.extend(deliveries)

    def stop(self) -> None:
        """Try once more, then end."""
        self._stop.set()
        self._thread.join(5)

    @property
    def waiting(self) -> int:
        """Facts that the catalogue does not have yet."""
        return len(self._held)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        while True:
            with self._lock:
                batch = [self._held[index] for index in range(min(AT_ONCE, len(self._held)))]
            if not batch:
                return
            try:
                self._send(batch)
            except TorrazzoError as error:
                if not self._away:
                    _log.warning("catalogue_away", error=str(error))
                self._away = True
                return
            self._away = False
            with self._lock:
                for delivery in batch:
                    if self._held and self._held[0] is delivery:
                        self._held.popleft()

    def _send(self, batch: list[Delivery]) -> None:
        facts = [
            {"fact": delivery.fact.decode(), "volume": delivery.volume, "pieces": list(delivery.pieces)}
            for delivery in batch
        ]
        status, _ = ask(self._path, "POST", "/facts", {"facts": facts})
        if 400 <= status < 500:  # it will never take them; they are on disk, and `catalogue rebuild` reads them there
            _log.error("facts_refused", status=status, facts=len(batch))
        elif status >= 300:
            raise Unavailable(f"the control room answered {status}")
