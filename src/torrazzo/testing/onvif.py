# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A device that isn't there: an ONVIF service over HTTP that behaves like one, and as badly as asked.

It has a thread and a loop of its own. What it is asked stands in `log` before it answers.
"""

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from torrazzo.base.clock import Clock, SystemClock
from torrazzo.base.times import SECOND
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif.xml import Element, parse_xml
from torrazzo.testing import onvif_texts as texts
from torrazzo.testing.onvif_texts import Size
from torrazzo.testing.wire import Gate, Request

_OPEN = frozenset(("GetSystemDateAndTime",))  # what everybody is told
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How a device of this make behaves."""

    username: str = ""  # empty: anyone is answered
    password: str = ""
    sign_in: str = "digest"  # or: token (in SOAP), either
    offers: tuple[str, ...] = ("md5",)  # of basic, md5, sha-256
    nonce_uses: int | None = None
    says_stale: bool = True
    fault_status: int = 400  # some send faults as if all were well
    forbids: tuple[str, ...] = ()  # what this user may not do
    misleads: bool = False  # offers HTTP Digest, and takes tokens only
    tls: ssl.SSLContext | None = None
    clock_seconds: float = 0.0  # its clock is ahead by so much
    window_seconds: float = 5.0  # by so much a signature's time may be off
    tells_time: bool = True
    has_services: bool = True  # off: it only knows GetCapabilities
    has_media2: bool = True
    has_masks: bool = True
    masks_most: int = 8
    mask_corners: int = 16
    mask_kinds: tuple[str, ...] = ("Color", "Blurred")
    has_rectangles_only: bool = False
    keeps_masks: bool = True  # off: it says yes and does nothing
    has_ptz: bool = True
    says_pose: bool = True
    sensors: int = 1
    sizes: tuple[Size, ...] = (Size(1920, 1080, "H264"), Size(640, 360, "H264"))
    calls_itself: str = ""  # another host than it is reached by
    rtsp_port: int = 554
    stream_query: str = ""
    has_one_url: bool = False  # the same for all profiles
    model: str = "Fake 1"
    topics: tuple[str, ...] = ("VideoSource/GlobalSceneChange", "RuleEngine/FaceDetector/Face")
    slow: dict[str, float] = field(default_factory=dict)  # operation: seconds before it answers
    raw: dict[str, bytes] = field(default_factory=dict)  # operation: what comes instead, head and all


class Asked(NamedTuple):
    """One request."""

    operation: str
    path: str
    has_digest: bool
    has_token: bool
    is_admitted: bool
    body: Element


class FakeOnvif:
    """One device. `running` serves it."""

    def __init__(self, traits: Traits | None = None, clock: Clock | None = None) -> None:
        self.traits = traits or Traits()
        self.port = self.discovery_port = 0
        self.log: list[Asked] = []
        self.heads: list[str] = []  # all that came outside of XML
        self.probes = 0
        self.masks: dict[str, Element] = {}
        self.pose = (0.0, 0.0, 0.0)
        self.presets = {"1": ("Piazza", (0.5, 0.0, 0.2)), "2": ("Via Roma", (-0.5, 0.1, 0.0))}
        self.key_frames: list[str] = []
        self.events: list[str] = []
        self._clock = clock or SystemClock()
        self._gate = Gate(self.traits.username, self.traits.password, self.traits.offers, True, self.traits.nonce_uses)
        self._nonces: set[str] = set()
        self._masks_made = 0

    @contextlib.contextmanager
    def running(self, group: str = "") -> Iterator["FakeOnvif"]:
        """Serve on loopback; with `group`, answer to probes sent there too."""
        ready, loop = threading.Event(), asyncio.new_event_loop()
        over = asyncio.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.traits.tls)
            self.port = int(server.sockets[0].getsockname()[1])
            with _listen(group) as sock:
                self.discovery_port = int(sock.getsockname()[1])
                answering = asyncio.create_task(self._answer_probes(sock))
                ready.set()
                await over.wait()
                answering.cancel()
                server.close()
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0)  # what was aborted is closed in the loop's next round

        def run() -> None:  # to the loop's own end: another one may be at work in the thread that waits for it
            loop.run_until_complete(serve())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        thread = threading.Thread(target=run, name="fake-onvif", daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join(10)

    @property
    def where(self) -> str:
        """Its address, as a person gives it."""
        return f"{'https://' if self.traits.tls else ''}127.0.0.1:{self.port}"

    @property
    def operations(self) -> list[str]:
        """What it was asked and let in to, in order."""
        return [asked.operation for asked in self.log if asked.is_admitted]

    # -- HTTP ----------------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            first, *lines = head.split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            method, path, _ = first.split(" ", 2)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.write(await self._answer(Request(method, path, headers, body)))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, request: Request) -> bytes:
        try:
            root = parse_xml(request.body)
        except CameraError:
            return texts.http(400, texts.fault("Sender", "WellFormed"))
        asked = (root.find("Body") or root).children[0]
        has_token = root.find("Header", "Security") is not None
        has_digest = request.headers.get("authorization", "").startswith("Digest ")
        is_admitted = not self.traits.username or asked.name in _OPEN or self._admits(request, root)
        self.log.append(Asked(asked.name, request.url, has_digest, has_token, is_admitted, asked))
        await asyncio.sleep(self.traits.slow.get(asked.name, 0))
        if asked.name in self.traits.raw:
            return self.traits.raw[asked.name]
        if not is_admitted:
            return self._stranger()
        if asked.name in self.traits.forbids:
            return texts.http(self.traits.fault_status, texts.fault("Sender", "NotAuthorized"))
        try:
            told = self._do(asked)
        except KeyError:
            return texts.http(400, texts.fault("Receiver", "ActionNotSupported"))
        return texts.http(200, texts.envelope(told))

    def _admits(self, request: Request, root: Element) -> bool:
        if self.traits.sign_in != "token" and self._gate.admits(request):
            return True
        return self.traits.sign_in != "digest" and self._admits_token(root)

    def _admits_token(self, root: Element) -> bool:
        """WS-Security UsernameToken Profile 1.0: the digest, its time, and no nonce twice."""
        token = root.find("Header", "Security", "UsernameToken")
        if token is None:
            return False
        nonce, created = token.get("Nonce"), token.get("Created")
        raw = base64.b64decode(nonce) + created.encode() + self.traits.password.encode()
        wanted = base64.b64encode(hashlib.sha1(raw, usedforsecurity=False).digest()).decode()
        moment = dt.datetime.fromisoformat(created)
        off = abs((moment - self._now()).total_seconds())
        is_right = token.get("Username") == self.traits.username and hmac.compare_digest(token.get("Password"), wanted)
        if not is_right or nonce in self._nonces or off > self.traits.window_seconds:
            return False
        self._nonces.add(nonce)
        return True

    def _stranger(self) -> bytes:
        if self.traits.sign_in == "token" and not self.traits.misleads:
            return texts.http(self.traits.fault_status, texts.fault("Sender", "NotAuthorized"))
        challenges = self._gate.challenges()
        if not self.traits.says_stale:
            challenges = [(name, value.replace(", stale=TRUE", "")) for name, value in challenges]
        return texts.http(401, b"", challenges)

    def _now(self) -> dt.datetime:
        return _EPOCH + dt.timedelta(seconds=self._clock.utc() / SECOND + self.traits.clock_seconds)

    # -- what it does --------------------------------------------------------------------------------------------------

    def _do(self, asked: Element) -> str:
        """The text within the body; KeyError for what it does not know."""
        told = self._device(asked)
        if told is None:
            told = self._media(asked)
        if told is None and self.traits.has_ptz:
            told = self._ptz(asked)
        if told is None:
            told = self._more(asked)
        if told is None:
            raise KeyError(asked.name)
        return told

    def _device(self, asked: Element) -> str | None:
        traits = self.traits
        host = traits.calls_itself or f"127.0.0.1:{self.port}"
        scheme = "https" if traits.tls else "http"
        match asked.name:
            case "GetSystemDateAndTime":
                return texts.clock(self._now() if traits.tells_time else None)
            case "GetServices" if traits.has_services:
                return texts.services(f"{scheme}://{host}", traits.has_media2, traits.has_ptz)
            case "GetCapabilities":
                return texts.capabilities(f"{scheme}://{host}", traits.has_ptz)
            case "GetDeviceInformation":
                return texts.information(traits.model)
        return None

    def _media(self, asked: Element) -> str | None:
        traits = self.traits
        is_second = asked.namespace == texts.SPACES["tr2"]
        if is_second and not traits.has_media2:
            return None
        host = traits.calls_itself.partition(":")[0] or "127.0.0.1"
        match asked.name:
            case "GetProfiles":
                write = texts.profiles2 if is_second else texts.profiles
                return write(traits.sensors, traits.sizes, traits.has_ptz)
            case "GetStreamUri":
                path = "live" if traits.has_one_url else asked.get("ProfileToken")
                url = f"rtsp://{host}:{traits.rtsp_port}/{path}{traits.stream_query}"
                return texts.stream_uri(url, is_second)
            case "SetSynchronizationPoint":
                self.key_frames.append(asked.get("ProfileToken"))
                return texts.done("tr2" if is_second else "trt", asked.name)
            case "GetVideoEncoderConfigurations":
                return texts.encoders(traits.sizes, is_second)
            case "SetVideoEncoderConfiguration":
                return texts.done("tr2" if is_second else "trt", asked.name)
        return self._mask(asked) if is_second and traits.has_masks else None

    def _mask(self, asked: Element) -> str | None:
        mask = asked.find("Mask") or asked
        match asked.name:
            case "GetMasks":
                return texts.masks(self.masks)
            case "GetMaskOptions":
                traits = self.traits
                return texts.mask_options(
                    traits.masks_most, traits.mask_corners, traits.mask_kinds, traits.has_rectangles_only
                )
            case "CreateMask":
                if len(self.masks) >= self.traits.masks_most:
                    return None
                self._masks_made += 1
                if self.traits.keeps_masks:
                    self.masks[f"mask{self._masks_made}"] = mask
                return f"<tr2:CreateMaskResponse><tr2:Token>mask{self._masks_made}</tr2:Token></tr2:CreateMaskResponse>"
            case "SetMask":
                if mask.token() not in self.masks:
                    return None
                self.masks[mask.token()] = mask
                return texts.done("tr2", asked.name)
            case "DeleteMask":
                return texts.done("tr2", asked.name) if self.masks.pop(asked.get("Token"), None) else None
        return None

    def _ptz(self, asked: Element) -> str | None:
        match asked.name:
            case "GetNode":
                return texts.node()
            case "GetStatus":
                return texts.status(self.pose if self.traits.says_pose else None)
            case "GetPresets":
                return texts.presets(self.presets)
            case "SetPreset":
                token = asked.get("PresetToken") or str(len(self.presets) + 1)
                self.presets[token] = (asked.get("PresetName"), self.pose)
                return f"<tptz:SetPresetResponse><tptz:PresetToken>{token}</tptz:PresetToken></tptz:SetPresetResponse>"
            case "GotoPreset":
                self.pose = self.presets[asked.get("PresetToken")][1]
            case "AbsoluteMove":
                self.pose = _vector(asked.find("Position"))
            case "RelativeMove" | "ContinuousMove":
                step = _vector(asked.find("Translation") or asked.find("Velocity"))
                pan, tilt, zoom = (min(1.0, max(-1.0, a + b)) for a, b in zip(self.pose, step, strict=True))
                self.pose = (pan, tilt, max(0.0, zoom))
            case "Stop":
                pass
            case _:
                return None
        return texts.done("tptz", asked.name)

    def _more(self, asked: Element) -> str | None:
        match asked.name:
            case "GetEventProperties":
                return texts.topics(self.traits.topics)
            case "CreatePullPointSubscription":
                host = self.traits.calls_itself or f"127.0.0.1:{self.port}"
                return texts.subscription(f"http://{host}/onvif/sub", self._now())
            case "PullMessages":
                told, self.events = self.events, []
                return texts.messages(told, self._now())
            case "Renew" | "Unsubscribe":
                return texts.done("wsnt", asked.name)
            case "GetImagingSettings":
                return texts.imaging()
            case "GetOptions":
                return texts.imaging_options()
            case "SetImagingSettings":
                return texts.done("timg", asked.name)
        return None

    # -- discovery -----------------------------------------------------------------------------------------------------

    async def _answer_probes(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, sender = await loop.sock_recvfrom(sock, 65_536)
            with contextlib.suppress(CameraError):
                root = parse_xml(data)
                if root.find("Body", "Probe") is not None:
                    self.probes += 1
                    host = self.traits.calls_itself or f"127.0.0.1:{self.port}"
                    answer = texts.probe_match(root.get("Header", "MessageID"), f"http://{host}", self.traits.model)
                    await loop.sock_sendto(sock, answer, sender)


def _vector(found: Element | None) -> tuple[float, float, float]:
    turn = None if found is None else found.find("PanTilt")
    zoom = None if found is None else found.find("Zoom")
    if turn is None or zoom is None:
        return (0.0, 0.0, 0.0)
    return float(turn.token("x")), float(turn.token("y")), float(zoom.token("x"))


def _listen(group: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((group or "127.0.0.1", 0))
    if group:
        both = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, both)
    return sock


def hostile() -> dict[str, bytes]:
    """Answers that no device should give, head and all, by what is wrong with them."""
    bomb = '<!DOCTYPE a [<!ENTITY e0 "ha">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    outside = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return {
        "huge": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<a>" + b"x" * (4 * 1024 * 1024),
        "says-huge": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<a>",
        "deep": texts.http(200, b"<a>" * 5_000),
        "many": texts.http(200, b"<a>" + b"<b/>" * 100_000 + b"</a>"),
        "bomb": texts.http(200, f"{bomb}]><a>&e9;</a>".encode()),
        "outside": texts.http(200, f"{outside}<a>&x;</a>".encode()),
        "html": texts.http(200, b"<html><body>It works!</body></html>", kind="text/html"),
        "picture": texts.http(200, b"\xff\xd8\xff\xe0" + bytes(2_000), kind="image/jpeg"),
        "words": texts.http(200, escape("no & no").encode(), kind="text/plain"),
        "nothing": texts.http(200, b""),
        "half": texts.http(200, texts.envelope(texts.information("x")))[:-200],
        "not-http": b"RTSP/1.0 200 OK\r\n\r\n",
        "headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
        "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "continues": b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000,
        "elsewhere": texts.http(302, b"", [("Location", "http://192.0.2.1/")]),
        "other-answer": texts.http(200, texts.envelope("<tds:RebootResponse/>")),
        "no-body": texts.http(200, b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>'),
        "closed": b"",
    }
