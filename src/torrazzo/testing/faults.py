# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong with a camera, as values. `seconds` None: until `Recover`."""

from dataclasses import dataclass

from torrazzo.testing.clips import Clip


@dataclass(frozen=True, slots=True)
class Freeze:
    """No picture comes, the connection stays; `answers`: whether RTSP requests still are answered."""

    seconds: float | None = None
    answers: bool = True


@dataclass(frozen=True, slots=True)
class Drip:
    """What is sent comes a byte at a time, that many a second."""

    bytes_per_second: float = 1
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """Every request is answered 401 whatever the password; open connections end, or stay until they expire."""

    seconds: float | None = None
    closes: bool = True


@dataclass(frozen=True, slots=True)
class ChangeClip:
    """Another picture, perhaps of another size, from the next picture on."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class JumpClock:
    """The RTP time stamps jump by `ticks`, and the reported UTC by `utc_ns`; pictures go on."""

    ticks: int = 24 * 3600 * 90_000
    utc_ns: int = 0


@dataclass(frozen=True, slots=True)
class Hole:
    """The pictures of that time are not sent, media time goes on, and no RTP number is missing."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DropFrames:
    """`count` pictures are left out, one in `every`, and no RTP number is missing."""

    count: int = 1
    every: int = 1


@dataclass(frozen=True, slots=True)
class DropPackets:
    """`count` RTP packets are left out, one in `every`; their numbers are missing."""

    count: int = 1
    every: int = 1


@dataclass(frozen=True, slots=True)
class RepeatPackets:
    """`count` RTP packets are sent twice."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class SwapPackets:
    """In `count` pictures of two packets or more, the first two change places."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Garbage:
    """`size` random bytes stand on the connection between two pictures."""

    size: int = 1000


@dataclass(frozen=True, slots=True)
class Close:
    """Open connections end, in order or by a reset; new ones are served."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Open connections are reset and new ones refused: the camera is off."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SlowReply:
    """Replies to `method` come that much later."""

    method: str = "SETUP"
    seconds: float = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """Requests of `method` are answered with `status`, perhaps with a Location: redirects, 404, 454, 503."""

    method: str
    status: int
    location: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class NewSource:
    """The stream goes on under another SSRC, with numbers and time stamps that begin elsewhere."""


@dataclass(frozen=True, slots=True)
class Bye:
    """RTCP BYE; then nothing is sent in this session."""


@dataclass(frozen=True, slots=True)
class Recover:
    """All that has no end ends now."""


Fault = (
    Freeze | Drip | Unauthorized | ChangeClip | JumpClock | Hole | DropFrames | DropPackets | RepeatPackets
    | SwapPackets | Garbage | Close | Refuse | SlowReply | Answer | NewSource | Bye | Recover
)  # fmt: skip
