# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The conversation with one camera: what to say next. Messages in, messages out; no socket, no clock. Pure.

DESCRIBE, SETUP of one video track (others are never set up: no sound leaves the camera), PLAY, then OPTIONS once to
learn how this camera wants to be kept alive, keep-alives, TEARDOWN. OPTIONS comes first only where a camera refuses
DESCRIBE without it.
"""

from typing import Literal, NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.address import Address, control_base, is_rtsp, join_control
from torrazzo.camera.auth import Challenge, Credentials
from torrazzo.camera.errors import CameraError, NotNative
from torrazzo.camera.rtsp import (
    Request,
    Response,
    find_header,
    find_headers,
    format_request,
    format_response,
    parse_public,
    parse_session,
    parse_transport,
)
from torrazzo.camera.sdp import Description, Track, choose_track, parse_sdp

_AGENT = "Torrazzo"
_REDIRECTS = {301, 302, 303, 305}
_UNKNOWN_METHOD = {400, 405, 501, 551}
_KEEP_ALIVES = ("GET_PARAMETER", "SET_PARAMETER", "OPTIONS")  # some cameras answer OPTIONS, and let the session die

State = Literal["describe", "setup", "play", "playing", "over"]


class Redirected(CameraError):
    """The camera sends us elsewhere; carries no more than the caller needs to go there."""

    def __init__(self, location: str, *, is_proxy: bool) -> None:
        super().__init__("the camera redirects to another address", "net")
        self.location = location
        self.is_proxy = is_proxy  # 305: same request, other host


class _Sent(NamedTuple):
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    tries: int  # times it was sent with credentials
    challenge: Challenge | None  # that it was signed for
    is_second: bool  # sent again, because of a challenge to this very request


class Conversation:
    """One session's state. Every method returns bytes to send, maybe none."""

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self.state: State = "describe"
        self.timeout = limits.SESSION_SECONDS_DEFAULT
        self.description: Description | None = None
        self.track: Track | None = None
        self.channels = (0, 1)
        self.server: str | None = None
        self._address = address
        self._credentials = credentials
        self._sent: dict[int, _Sent] = {}
        self._number = 0
        self._session: str | None = None
        self._url = address.url  # of the whole session
        self._base = address.url
        self._has_asked_options = False
        self._methods: frozenset[str] = frozenset()
        self._refused: set[str] = set()

    def start(self) -> bytes:
        """The first request."""
        return self._request("DESCRIBE", self._address.url, ("Accept", "application/sdp"))

    def receive(self, message: Response | Request) -> bytes:
        """Take a message of the camera. Raises `CameraError`, `Redirected`, `NotNative`."""
        if isinstance(message, Request):
            return self._answer(message)
        sent = self._match(message) if message.status >= 200 else None  # 100: the answer is still to come
        if sent is None:
            return b""
        if message.status == 401:
            return self._sign(message, sent)
        self.server = self.server or find_header(message.headers, "server")
        if message.status in _REDIRECTS and self.state != "playing":
            location = find_header(message.headers, "location") or ""
            if not is_rtsp(location):
                raise CameraError(f"{self._place} redirects to an address that is not RTSP", "nosignal")
            raise Redirected(location, is_proxy=message.status == 305)
        if self.state == "playing":
            return self._take_keep_alive(message, sent)
        if 200 <= message.status < 300:
            return self._go_on(message, sent)
        return self._refuse(message, sent)

    def keep_alive(self) -> bytes:
        """The request that keeps the session alive in the way this camera knows."""
        if len(self._sent) >= limits.KEEP_ALIVES_OPEN:
            self._sent.pop(min(self._sent))  # some cameras never answer, and stream on
        known = [name for name in _KEEP_ALIVES if name not in self._refused]
        if self._methods:
            known = [name for name in known if name in self._methods]
        return self._request(known[0] if known else "OPTIONS", self._url)

    def teardown(self) -> bytes:
        """The end of the session, if one was made."""
        has_session, self.state = self._session is not None, "over"
        return self._request("TEARDOWN", self._url) if has_session else b""

    # -- requests --------------------------------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return self._address.place

    def _request(
        self, method: str, url: str, *headers: tuple[str, str], tries: int = 0, is_second: bool = False
    ) -> bytes:
        self._number += 1
        fields = [("CSeq", str(self._number)), ("User-Agent", _AGENT)]
        if self._session is not None:
            fields.append(("Session", self._session))
        signature = self._credentials.authorize(method, url)
        if signature is not None:
            fields.append(("Authorization", signature))
            tries += 1
        self._sent[self._number] = _Sent(method, url, headers, tries, self._credentials.challenge, is_second)
        return format_request(method, url, [*fields, *headers])

    def _match(self, message: Response) -> _Sent | None:
        """The request that this answers; some cameras leave the number out or count on their own."""
        number = find_header(message.headers, "cseq") or ""
        key = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        if key not in self._sent and (not key or (len(self._sent) == 1 and self.state != "playing")):
            key = min(self._sent, default=0)
        return self._sent.pop(key, None)

    def _answer(self, request: Request) -> bytes:
        """The camera asks something of us."""
        if request.method == "REDIRECT":
            raise CameraError(f"{self._place} ends the session and sends us elsewhere", "net")
        if request.method == "TEARDOWN":
            raise CameraError(f"{self._place} ended the session", "net")
        number = ("CSeq", (find_header(request.headers, "cseq") or "0")[:20])
        if request.method in {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE"}:
            return format_response(200, "OK", [number])
        return format_response(501, "Not Implemented", [number])

    # -- answers ---------------------------------------------------------------------------------------------------

    def _sign(self, message: Response, sent: _Sent) -> bytes:
        """401: sign in, or give up before the camera locks the user out."""
        if not self._credentials.are_known:
            raise CameraError(f"{self._place} asks for a user and a password; none are set for this camera", "auth")
        challenge = self._credentials.take(find_headers(message.headers, "www-authenticate"))
        if challenge is None:
            raise CameraError(
                f"{self._place} asks to sign in in a way that is not known here (known: Digest with MD5 or SHA-256, "
                "Basic); choose digest in the camera's RTSP settings",
                "auth",
            )
        if sent.tries >= limits.SIGN_IN_TRIES or not self._may_try(sent, challenge):
            raise CameraError(f"{self._place} refuses the user or the password", "auth")
        return self._request(sent.method, sent.url, *sent.headers, tries=sent.tries, is_second=True)

    def _may_try(self, sent: _Sent, challenge: Challenge) -> bool:
        """Whether the refused signature may have been right for an older challenge."""
        if not sent.tries or challenge.is_stale:
            return True
        before = sent.challenge
        return not sent.is_second and (
            before is None or (before.nonce, before.realm) != (challenge.nonce, challenge.realm)
        )

    def _refuse(self, message: Response, sent: _Sent) -> bytes:
        said = f"{message.status} {message.reason[:60]}".strip()
        if sent.method == "DESCRIBE" and message.status in {455, 501} and not self._has_asked_options:
            self._has_asked_options = True
            return self._request("OPTIONS", self._address.url)
        if sent.method == "PLAY" and message.status == 457 and sent.headers:
            return self._request("PLAY", sent.url)
        if sent.method == "OPTIONS":
            return self.start()
        if message.status == 403:
            raise CameraError(f"{self._place} forbids this user to see the stream ({said})", "auth")
        if message.status == 461:
            raise NotNative(f"{self._place} does not send over TCP ({said})")
        hint = "; check the path of its address" if message.status == 404 else ""
        raise CameraError(f"{self._place} refuses {sent.method}: {said}{hint}", "nosignal")

    def _go_on(self, message: Response, sent: _Sent) -> bytes:
        match sent.method:
            case "OPTIONS":
                self._methods = parse_public(message.headers)
                return self.start()
            case "DESCRIBE":
                return self._set_up(message)
            case "SETUP":
                return self._play(message)
            case "PLAY":
                self._take_session(message)
                self.state = "playing"
                return self._request("OPTIONS", self._url)
        return b""

    def _set_up(self, message: Response) -> bytes:
        base = find_header(message.headers, "content-base")
        self._base = control_base(self._address.url, base, find_header(message.headers, "content-location"))
        self.description = parse_sdp(message.body)
        self.track = choose_track(self.description)
        self._url = join_control(self._base, self.description.control)
        # A track without address of its own has the session's (RFC 2326 appendix C.1.1).
        url = join_control(self._base, self.track.control) if self.track.control else self._url
        self.state = "setup"
        return self._request("SETUP", url, ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"))

    def _play(self, message: Response) -> bytes:
        self._take_session(message)
        if self._session is None:
            raise CameraError(f"{self._place} answers SETUP without a session", "nosignal")
        if text := find_header(message.headers, "transport"):
            transport = parse_transport(text)
            if "TCP" not in transport.protocol and transport.channels is None:
                raise NotNative(f"{self._place} was asked for TCP and answers {transport.protocol[:40]}")
            self.channels = transport.channels or self.channels
        self.state = "play"
        return self._request("PLAY", self._url, ("Range", "npt=0.000-"))

    def _take_session(self, message: Response) -> None:
        text = find_header(message.headers, "session")
        if text is None:
            return
        session = parse_session(text)
        self._session = session.id
        if session.timeout is not None:
            low, high = limits.SESSION_SECONDS
            self.timeout = min(max(session.timeout, low), high)

    def _take_keep_alive(self, message: Response, sent: _Sent) -> bytes:
        if sent.method == "OPTIONS":
            self._methods |= parse_public(message.headers)
        if message.status == 454:
            raise CameraError(f"{self._place} no longer knows the session", "net")
        if message.status == 403:
            raise CameraError(f"{self._place} no longer allows this user to see the stream", "auth")
        if message.status in _UNKNOWN_METHOD and sent.method not in self._refused:
            self._refused.add(sent.method)
            if sent.method != "OPTIONS":
                return self.keep_alive()
        return b""
