# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a reader comes to segment keys: through the keyring's socket."""

import contextlib
import http.client
from pathlib import Path

from torrazzo.archive.fact import parse_fact
from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.keyring.answer import ANSWER_LIMIT, Status, parse_answer, parse_error
from torrazzo.keyring.document import expect_number, parse_object
from torrazzo.keyring.gate_request import CloseRequest, HoldRequest, KeyRequest
from torrazzo.keyring.refused import read_refusal
from torrazzo.town.ask import UnixHttp
from torrazzo.town.home import Home

TIMEOUT_SECONDS = 10


class KeyClient:
    """For processes of the ring's own Unix user. May be used by several threads."""

    def __init__(self, home: Path) -> None:
        self._home = Home(home)

    def status(self) -> Status:
        """What the running keyring says of itself, with the largest heads that it has seen."""
        return Status.parse(self._ask_running("GET", "/status", b""))

    def window_keys(self, request: KeyRequest) -> dict[int, bytes]:
        """The keys of the request's segments, by their numbers.

        Raises `Denied` with the gate's reason, `Refused` if that hour's private key is gone, `Damaged` if the sealed K
        is not as written, `Unavailable` if no keyring runs or it cannot store what it has seen.
        """
        answer = self._ask_running("POST", "/window-keys", request.text())
        return parse_answer(answer, [parse_fact(entry.line).n for entry in request.segments])

    def hold_keys(self, request: KeyRequest) -> int:
        """Those of a window of kind hold go into the vault; returns how many are there. Raises as `window_keys`."""
        held = parse_object(self._ask_running("POST", "/hold-keys", request.text()), "answer", ANSWER_LIMIT).get("held")
        return expect_number(held, "held")

    def confirm(self, request: HoldRequest) -> None:
        """A hold, and the fact of its confirmation by a second person; raises as `window_keys`."""
        self._ask_running("POST", "/confirm", request.text())

    def release(self, request: HoldRequest) -> None:
        """A hold, and the fact of its release: on return its key is destroyed. Raises as `window_keys`."""
        self._ask_running("POST", "/release", request.text())

    def erase(self, request: CloseRequest) -> int:
        """An ask for erasure and its approval: on return those keys are destroyed; how many others' are kept."""
        kept = parse_object(self._ask_running("POST", "/erase", request.text()), "answer", ANSWER_LIMIT).get("kept")
        return expect_number(kept, "kept")

    def close(self, request: CloseRequest) -> None:
        """The window gives no more keys; raises as `window_keys`."""
        self._ask_running("POST", "/close", request.text())

    def trust_clock(self) -> None:
        """The machine's clock is right: people say so. All windows are closed by it, and a fact is booked."""
        self._ask_running("POST", "/trust-clock", b"")

    def trust_heads(self) -> None:
        """The ledger that runs is the town's: people say so. All windows are closed by it, and a fact is booked."""
        self._ask_running("POST", "/trust-heads", b"")

    def look(self) -> None:
        """Have the keyring do now what it does once a minute; returns when that is over."""
        self._ask_running("POST", "/look", b"")

    def _ask_running(self, method: str, address: str, body: bytes) -> bytes:
        try:
            return self._ask(method, address, body)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            why = read_refusal(self._home)
            what = "start `torrazzo serve`" if why is None else f"the last one did not come up: {why}"
            raise Unavailable(f"{self._home.keyring_socket}: no keyring runs; {what}") from error

    def _ask(self, method: str, address: str, body: bytes) -> bytes:
        path = self._home.keyring_socket
        connection = UnixHttp(path, TIMEOUT_SECONDS)
        try:
            connection.request(method, address, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read(ANSWER_LIMIT + 1)
        except (FileNotFoundError, ConnectionRefusedError):
            raise
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{path}: the keyring did not answer: {error!r}; try again") from error
        finally:
            connection.close()
        if response.status != 200:
            raise _error(answer, path)
        return answer


def _error(answer: bytes, path: Path) -> TorrazzoError:
    with contextlib.suppress(Invalid):
        return parse_error(answer)
    return Unavailable(f"{path}: what answered is no keyring of ours; restart `torrazzo serve`")
