# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in camera/onvif/: answers of devices, read by the call that asked and by others.

A target takes any bytes; that it raises anything but `CameraError` is a finding, and so are values beyond limits.py.
Most broken XML is none: it is refused, then mended as far as it can be, so that most inputs reach what reads it.
"""

import contextlib
import math
import os
import re
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from torrazzo.base.errors import Refused
from torrazzo.camera import CameraError, limits
from torrazzo.camera.onvif import device, events, imaging, media, media2, ptz
from torrazzo.camera.onvif.addresses import device_address, service_address, stream_address
from torrazzo.camera.onvif.discovery import Gathering
from torrazzo.camera.onvif.profile import Profile, choose_streams, sensors, with_values
from torrazzo.camera.onvif.sectors import Pose, check_absolute
from torrazzo.camera.onvif.soap import Call, read_envelope, write_envelope
from torrazzo.camera.onvif.xml import Element, parse_xml
from torrazzo.testing import onvif_texts as texts
from torrazzo.town.bounds import Bounds, Sector

ONVIF = (
    Path(os.environ.get("TORRAZZO_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data/protocol/onvif"
)
NUMBER = "5e1f0b5c-0000-4000-8000-000000000001"
HOME = device_address("10.1.0.9")
_BOUNDS = Bounds((Sector(-1, 0, -1, 1), Sector(0, 1, -0.5, 0.5, 0.5)), is_endless=True)
_POINT = events.Subscription("http://h/", (), ("tns1:VideoSource", "tns1:RuleEngine"))
_MASK = media2.Mask("", "c", ((0, 0), (1, 0), (1, 1)), "Color", enabled=True)
CALLS: tuple[Call[object], ...] = (
    device.get_clock(), device.get_information(), device.get_services(), device.get_capabilities(),
    media.get_profiles(), media.get_stream_uri("p"), media.get_encoders(),
    media2.get_profiles(), media2.get_stream_uri("p"), media2.get_encoders(), media2.get_masks(),
    media2.get_mask_options("c"), media2.create_mask(_MASK),
    ptz.get_node("n"), ptz.get_status("p"), ptz.get_presets("p"), ptz.set_preset("p", "n"),
    events.get_topics(), events.create_pull_point(["tns1:VideoSource"], 60), events.pull(_POINT, 1, 9),
    imaging.get_settings("s"), imaging.get_options("s"),
)  # fmt: skip


def answer(data: bytes) -> bool:
    """An answer; whatever it says, each call makes something of it, and what it makes can be asked back."""
    body = _read(data) or _read(_mend(data))
    if body is None:
        return False
    for call in CALLS:
        _check(call.read(body))
    _look(body)
    return True


def _read(data: bytes) -> Element | None:
    """What is in an envelope's body, or the root if it is none; None for what is no XML."""
    told = ""
    try:
        root = parse_xml(data)
    except CameraError as error:
        told = str(error)
        root = None
    if root is not None:
        try:
            root = read_envelope(data)[1]
        except CameraError as error:
            told = str(error)
        if b"ProbeMatch" in data:
            _gather(data)
    assert len(told) < 3 * limits.ONVIF_SHOWN
    assert told == "" or told.isprintable()
    return root


def _mend(data: bytes) -> bytes:
    """What can be made of it as XML."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return bytes(etree.tostring(etree.fromstring(data, parser)))
    except (etree.LxmlError, TypeError, ValueError):
        return b""


def _gather(data: bytes) -> None:
    gathering = Gathering((NUMBER, NUMBER))
    gathering.take(data, "10.1.0.9")
    for found in gathering.devices:
        assert len(found.addresses) <= limits.DISCOVERY_ADDRESSES
        assert all(part.isprintable() for part in found[3:])
        for address in found.addresses:
            with contextlib.suppress(CameraError):
                device_address(address)


def _check(told: object) -> None:
    """What no reader may give, however deep it lies in what it gives."""
    if isinstance(told, float):
        assert math.isfinite(told)
    elif isinstance(told, dict):
        for key, value in told.items():
            _check(key)
            _check(value)
    elif isinstance(told, Element):
        with contextlib.suppress(CameraError):
            write_envelope(told)
    elif isinstance(told, tuple | list):
        assert len(told) <= limits.ONVIF_ITEMS
        for part in told:
            _check(part)


def _look(body: Element) -> None:
    """Values are used as the product uses them."""
    profiles: list[Profile] = [*media.get_profiles().read(body), *media2.get_profiles().read(body)]
    for sensor in sensors(profiles):
        streams = choose_streams(profiles, sensor)
        assert streams is not None
        if streams.main.encoder is not None:
            with_values(streams.main.encoder.raw, size=(1, 1), rate=1.5, bits=1_000)
    for said in (media.get_stream_uri("p").read(body), media2.get_stream_uri("p").read(body)):
        with contextlib.suppress(CameraError):
            assert urllib.parse.urlsplit(stream_address(HOME, said)).hostname == HOME.host
    for said in [*device.get_services().read(body).values(), events.create_pull_point(["tns1:a"], 1).read(body).at]:
        with contextlib.suppress(CameraError):
            assert service_address(HOME, said).host == HOME.host
    pose = ptz.get_status("p").read(body)
    if pose is not None:
        with contextlib.suppress(Refused):
            check_absolute(_BOUNDS, pose, Pose(-0.5, 0, 0))


# -- good input --------------------------------------------------------------------------------------------------------


def _answers() -> Iterator[bytes]:
    sizes = (texts.Size(1920, 1080, "H264"), texts.Size(640, 360, "H265"))
    now = datetime(2026, 11, 26, tzinfo=UTC)
    point = texts.envelope(
        '<tr2:CreateMask><tr2:Mask token="m"><tr2:ConfigurationToken>c</tr2:ConfigurationToken><tr2:Polygon>'
        '<tt:Point x="0" y="0"/><tt:Point x="1" y="-0.5"/></tr2:Polygon><tr2:Type>Color</tr2:Type>'
        "<tr2:Enabled>true</tr2:Enabled></tr2:Mask></tr2:CreateMask>"
    )
    mask = read_envelope(point)[1].find("Mask") or Element("x")
    for body in (
        texts.clock(now), texts.services("http://10.1.0.9", True, True), texts.capabilities("http://10.1.0.9", True),
        texts.information("x"), texts.profiles(2, sizes, True), texts.profiles2(2, sizes, True),
        texts.encoders(sizes, False), texts.encoders(sizes, True), texts.stream_uri("rtsp://10.1.0.9/1?a=b", False),
        texts.stream_uri("rtsp://u:p@[fe80::1]:8554/2", True), texts.masks({"m": mask}), texts.mask_options(),
        texts.node(), texts.status((0.5, -0.5, 0.1)), texts.presets({"1": ("Piazza", (0.1, 0.2, 0.3))}),
        texts.topics(["VideoSource/GlobalSceneChange"]), texts.subscription("http://10.1.0.9/s", now),
        texts.messages(["VideoSource/GlobalSceneChange"], now), texts.imaging(), texts.imaging_options(),
    ):  # fmt: skip
        yield texts.envelope(body)
    yield texts.fault("Sender", "NotAuthorized")
    yield texts.probe_match(f"urn:uuid:{NUMBER}", "http://10.1.0.9", "Cam 9")
    for path in sorted(ONVIF.rglob("*.xml")):
        yield re.sub(rb"\{\{.*?\}\}", b"", path.read_bytes(), flags=re.DOTALL)


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {"onvif": (answer, _answers)}

WORDS: dict[str, tuple[bytes, ...]] = {
    "onvif": (
        *(
            b"<a>",
            b"</a>",
            b"<a/>",
            b"<!DOCTYPE a [<!ENTITY e 'x'>]>",
            b"&e;",
            b"&#0;",
            b"&#55296;",
            b"<![CDATA[",
            b"]]>",
        ),
        *(
            b'token="',
            b'x="1e9"',
            b'y="nan"',
            b'space="',
            b"-1",
            b"9" * 12,
            b"1e38",
            b"H265",
            b"JPEG",
            b"true",
            b"tns1:",
        ),
        *(
            b"<tt:UTCDateTime>",
            b"<tr2:Configurations>",
            b"<tr2:Masks ",
            b"<tptz:PTZNode>",
            b"<tev:TopicSet>",
            b"http://[",
        ),
        *(b"<s:Fault>", b"<s:Code>", b"<s:Subcode>", b"rtsp://", b"https://h:99999/", b"\x9b", b"\xe2\x80\xae"),
        b'<?xml version="1.0" encoding="utf-16"?>',
    ),
}

_READERS = (
    *(
        "device",
        "discovery",
        "errors",
        "events",
        "imaging",
        "media",
        "media2",
        "addresses",
        "profile",
        "ptz",
        "sectors",
    ),
    *("soap", "xml"),
)
MEASURED: dict[str, tuple[str, ...]] = {"onvif": tuple(f"onvif/{name}" for name in _READERS)}
