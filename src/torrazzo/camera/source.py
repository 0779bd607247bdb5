# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every adapter looks like from outside, and what it needs to be told."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from torrazzo.base.secret import Secret
from torrazzo.camera import limits
from torrazzo.camera.units import Event


class StreamAddress(Protocol):
    """How to reach a stream; `torrazzo.town` has one."""

    @property
    def url(self) -> str:
        """Without user information."""
        ...

    @property
    def username(self) -> str | None: ...

    @property
    def password(self) -> Secret | None: ...

    @property
    def transport(self) -> str:
        """auto, tcp or udp."""
        ...

    @property
    def ca_pem(self) -> str | None:
        """Certificates to trust; None: the machine's."""
        ...

    @property
    def pin_sha256(self) -> str | None:
        """The one certificate to accept: SHA-256 of its DER form, lower-case hex."""
        ...


class Source(Protocol):
    """One open stream. One loop uses it; nothing blocks."""

    description: str  # for people: place, codec, transport
    fileno: int | None  # becomes readable when something came; None: only `sweep` knows
    receive_buffer: int  # bytes that may wait in the kernel between sweeps
    last_sweep_bytes: int  # read by the last `sweep`

    def sweep(self, now_ns: int) -> list[Event]:
        """Read what came, answer what must be answered.

        Raises `CameraError` when the stream is over or broken, after all that came before was given.
        """
        ...

    def request_key_frame(self) -> None:
        """Ask the camera for a key frame, if there is a way; it may not listen."""
        ...

    async def close(self) -> None:
        """Say good-bye and free everything; may be called twice."""
        ...


class HandOver(NamedTuple):
    """What another process needs to see a stream's pictures before its recorder reads them."""

    fileno: int  # of the camera's connection
    taken: int  # bytes that were read from it so far
    stand: bytes  # of the parser behind these


@runtime_checkable
class Followable(Protocol):
    """A source whose bytes another process can see as they come, before they are read here."""

    passes: Callable[[int, memoryview], None] | None  # is given all that is read, and how much was read before it

    def hand_over(self) -> HandOver | None:
        """What the other process needs, between two sweeps; None: this one cannot be followed, or not now."""
        ...


class Scratch:
    """The one buffer that all native sources of a process read into, one after another. Not for several threads."""

    def __init__(self, spare: int) -> None:
        """`spare`: bytes that a parser may look at behind the end of what was read."""
        self.data = bytearray(limits.SWEEP + limits.EARLY_MEDIA + limits.MESSAGE_HEAD + limits.MESSAGE_BODY + spare)
        self.view = memoryview(self.data)
        self.room = len(self.data) - spare
