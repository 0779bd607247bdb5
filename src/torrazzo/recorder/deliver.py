# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts on their way from the disk to the catalogue and to the ledger; recording waits for neither of them."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.recorder.journal import Delivery
from torrazzo.town.ask import ask

EVERY_S = 2.0  # design: at most 10 s
HELD = 200_000  # facts kept for one who is away; the rest is read from the volumes
AT_ONCE = 2_000

_log = structlog.get_logger()


class Destination(Protocol):
    """Who takes facts."""

    name: str
    target: str
    is_beating: bool  # hears from us also when there is nothing to tell

    def body(self, batch: Sequence[Delivery]) -> object:
        """The request that tells of these."""
        ...


class ToCatalogue:
    """The control room's `POST /facts`: facts and where their pieces are."""

    name, target, is_beating = "catalogue", "/facts", False

    def body(self, batch: Sequence[Delivery]) -> object:
        """See `control_room.index.parse_facts`."""
        return {
            "facts": [
                {"fact": delivery.fact.decode(), "volume": delivery.volume, "pieces": list(delivery.pieces)}
                for delivery in batch
            ]
        }


class ToLedger:
    """The ledger's `POST /rec`: facts, and a heartbeat with the terms that are being recorded."""

    name, target, is_beating = "ledger", "/rec", True

    def __init__(self, node: NodeId) -> None:
        self._node = node
        self.terms: Mapping[StreamId, TermId] = {}  # replaced as a whole, by any thread

    def body(self, batch: Sequence[Delivery]) -> object:
        """See `ledger.service.parse_beat`."""
        streams = {str(stream): str(term) for stream, term in self.terms.items()}
        facts = [delivery.fact.decode() for delivery in batch]
        return {"v": 1, "node": f"{self._node:08x}", "streams": streams, "facts": facts}


class Deliverer:
    """Sends facts, oldest first, over a Unix socket; keeps them until they are taken."""

    def __init__(self, path: Path, to: Destination | None = None) -> None:
        self._path = path
        self._to: Destination = to or ToCatalogue()
        self._held: deque[Delivery] = deque(maxlen=HELD)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        name = "deliver" if to is None else f"deliver-{to.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
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
        """Facts that are not taken yet."""
        return len(self._held)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        is_first = True
        while True:
            with self._lock:
                batch = [self._held[index] for index in range(min(AT_ONCE, len(self._held)))]
            if not batch and not (is_first and self._to.is_beating):
                return
            is_first = False
            try:
                self._send(batch)
            except TorrazzoError as error:
                if not self._away:
                    _log.warning(f"{self._to.name}_away", error=str(error))
                self._away = True
                return
            self._away = False
            with self._lock:
                for delivery in batch:
                    if self._held and self._held[0] is delivery:
                        self._held.popleft()

    def _send(self, batch: list[Delivery]) -> None:
        status, answer = ask(self._path, "POST", self._to.target, self._to.body(batch))
        if 400 <= status < 500:  # it will never take them; they are on disk, and are read there in time
            _log.error("facts_refused", by=self._to.name, status=status, facts=len(batch))
        elif status >= 300:
            raise Unavailable(f"the {self._to.name} answered {status}")
        elif not isinstance(answer, dict) or not isinstance(answer.get("taken"), int):
            raise Unavailable(f"the {self._to.name} did not say that it took them: {str(answer)[:80]}")
