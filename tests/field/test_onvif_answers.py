# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers of real devices over ONVIF, and of mock-ups made after one."""

import re
from pathlib import Path

import pytest

from torrazzo.base.times import iso_from_ticks
from torrazzo.camera.onvif import device, events, imaging, media, media2, ptz
from torrazzo.camera.onvif.addresses import device_address, stream_address
from torrazzo.camera.onvif.discovery import Gathering
from torrazzo.camera.onvif.errors import Fault, NotOnvif
from torrazzo.camera.onvif.profile import choose_streams, sensors
from torrazzo.camera.onvif.sectors import Pose
from torrazzo.camera.onvif.soap import DEVICE, EVENTS, IMAGING, MEDIA, MEDIA2, PTZ, Call, T, read_answer
from torrazzo.camera.onvif.xml import Element

# The mock-ups are templates: what a script would fill in.
TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# Operations, as each module makes them, by the schema that must know their elements.
SCHEMAS = {MEDIA2: "ver20/media/wsdl/media.wsdl", PTZ: "ver20/ptz/wsdl/ptz.wsdl"}


def read(path: Path, call: Call[T]) -> T:
    """What a call makes of a file."""
    return call.read(read_answer(TEMPLATE.sub("", path.read_text("utf-8")).encode(), call.body.name))


@pytest.fixture
def mockup(shared: Path) -> Path:
    """A device whose answers were recorded (agsh/onvif)."""
    return shared / "protocol" / "onvif" / "agsh-servermockup"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("01-dahua-stream-default", "rtsp://10.1.0.9:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif"),
        (
            "03-dahua-stream-formatted",
            "rtsp://10.1.0.9:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif",
        ),
        ("06-go2rtc-1-9-4", "rtsp://10.1.0.9:8554/rtsp-dahua1"),
        ("07-go2rtc-1-9-8", "rtsp://10.1.0.9:8554/rtsp-dahua2"),
    ],
)
def test_where_streams_are(shared: Path, name: str, url: str) -> None:
    """An address is read whole, with its ampersands and the space around it, and is at the host that was asked."""
    said = read(shared / f"protocol/onvif/go2rtc-replies/{name}.xml", media.get_stream_uri("x"))
    assert stream_address(device_address("10.1.0.9"), said) == url


def test_what_is_no_xml_is_refused(shared: Path) -> None:
    """An answer that somebody shortened by hand is no XML, and is said to be none."""
    with pytest.raises(NotOnvif, match="not XML"):
        read(shared / "protocol/onvif/go2rtc-replies/05-unknown.xml", media.get_stream_uri("x"))


def test_a_snapshot_is_no_answer_to_us(shared: Path) -> None:
    """Where a device keeps its snapshots is not read: it is an answer to what we never ask."""
    with pytest.raises(NotOnvif, match="something else"):
        read(shared / "protocol/onvif/go2rtc-replies/02-dahua-snapshot-default.xml", media.get_stream_uri("x"))


@pytest.mark.parametrize("name", ["08-dahua-default", "09-dahua-formatted"])
def test_services_of_a_camera_by_its_capabilities(shared: Path, name: str) -> None:
    """A Dahua's services are found among all that it says about itself, however it is laid out."""
    found = read(shared / f"protocol/onvif/go2rtc-replies/{name}.xml", device.get_capabilities())
    assert found[EVENTS].endswith("/onvif/event_service")
    assert set(found) == {DEVICE, EVENTS, IMAGING, MEDIA}


def test_a_recorded_device(mockup: Path) -> None:
    """A device's own names, clock, services and profile are read as they were recorded."""
    told = read(mockup / "GetSystemDateAndTime.xml", device.get_clock())
    assert told is not None
    assert iso_from_ticks(told) == "2014-12-24T19:14:37.000Z"
    assert read(mockup / "GetDeviceInformation.xml", device.get_information()).model == "Mockup Model"
    assert set(read(mockup / "GetServices.xml", device.get_services())) == {DEVICE, MEDIA, EVENTS, PTZ, IMAGING}
    profiles = read(mockup / "GetProfiles.xml", media.get_profiles())
    assert sensors(profiles) == ["vidsrc0"]
    streams = choose_streams(profiles, "vidsrc0")
    assert streams is not None
    assert streams.sub is None
    assert streams.main.encoder is not None
    assert streams.main.encoder[:6] == ("main", "h264", (1920, 1080), 5, 1_000_000, 30)
    assert streams.main[3:] == ("vidsrc0", "vscfg0", "default", "default")


def test_a_recorded_motor(mockup: Path) -> None:
    """Places with names, and where it looks, in generic spaces."""
    pose = read(mockup / "GetStatus.xml", ptz.get_status("x"))
    assert pose is not None
    assert pose == pytest.approx((-0.864665985, 0.267444015, 0.211861998))
    presets = read(mockup / "ptz.GetPresets.xml", ptz.get_presets("x"))
    assert [preset.token for preset in presets][:2] == ["P001", "P002"]
    assert all(preset.pose is None for preset in presets)


def test_a_recorded_sensor(mockup: Path) -> None:
    """How it sees, and from where to where it can be set."""
    assert read(mockup / "imaging.GetImagingSettings.xml", imaging.get_settings("x")).values["Brightness"] == 255
    assert read(mockup / "imaging.GetOptions.xml", imaging.get_options("x"))["Contrast"] == (0, 255)


def test_recorded_events(mockup: Path) -> None:
    """What happened is read with its topic and data; of other topics nothing is."""
    for topic, count in (("tns1:RuleEngine/CellMotionDetector/Motion", 2), ("tns1:VideoSource", 0)):
        point = events.Subscription("http://h/", (), (topic,))
        told = read(mockup / "PullMessages.xml", events.pull(point, 1, 9))
        assert len(told) == count
        assert all(event.data == {"IsMotion": "true"} for event in told)
    assert read(mockup / "GetEventProperties.xml", events.get_topics())


def test_a_recorded_fault(mockup: Path) -> None:
    """A refusal is told with its codes, from the general to the particular, and its reason."""
    text = (mockup / "Error.xml").read_text("utf-8")
    with pytest.raises(NotOnvif):  # its author's word processor has been at its quotation marks
        read_answer(text.encode(), "x")
    with pytest.raises(Fault, match="fault reason") as told:
        read_answer(text.replace("\u201d", '"').encode(), "x")
    assert told.value.codes == ("fault code", "fault subcode", "fault subcode")


def test_a_recorded_answer_to_a_probe(mockup: Path) -> None:
    """A device is found by what it answered to a probe."""
    text = (mockup / "Probe.xml").read_text("utf-8").replace("SERVICE_URI", "http://10.1.0.9/onvif/device_service")
    number = "5e1f0b5c-0000-4000-8000-000000000001"
    gathering = Gathering((number, number))
    gathering.take(text.replace("RELATES_TO", f"urn:uuid:{number}").encode(), "10.1.0.9")
    (found,) = gathering.devices
    assert found[:2] == ("uuid:c9790c3a-701b-464d-a189-0060351c8ada", ("http://10.1.0.9/onvif/device_service",))
    assert (found.name, found.hardware) == ("PREDATOR", "HD_PREDATOR")


def test_every_answer_is_read_or_refused(shared: Path) -> None:
    """All answers of the material are read by the call that they belong to, or are refused as what they are."""
    read_or_refused = 0
    for path in sorted((shared / "protocol" / "onvif").rglob("*.xml")):
        data = TEMPLATE.sub("", path.read_text("utf-8")).encode()
        try:
            read_answer(data, "x")
        except (Fault, NotOnvif):
            read_or_refused += 1
    assert read_or_refused > 80


@pytest.mark.parametrize("service", SCHEMAS)
def test_our_words_stand_in_the_schema(shared: Path, service: str) -> None:
    """Each element of Media2 and PTZ that we send is one that ONVIF's own description declares."""
    text = (shared / "protocol/onvif/specs/wsdl" / SCHEMAS[service]).read_text("utf-8")
    known = set(re.findall(r'element name="(\w+)"', text))
    mask = media2.Mask("t", "c", ((0, 0), (1, 0), (1, 1)), "Color", enabled=True)
    pose = Pose(0, 0, 0)
    calls: list[Call[object]] = [
        media2.get_profiles(), media2.get_stream_uri("p"), media2.set_synchronization_point("p"), media2.get_encoders(),
        media2.get_masks("c"), media2.get_mask_options("c"), media2.create_mask(mask), media2.set_mask(mask),
        media2.delete_mask("t"), ptz.get_node("n"), ptz.get_status("p"), ptz.get_presets("p"), ptz.stop("p"),
        ptz.goto_preset("p", "1"), ptz.set_preset("p", "n"), ptz.remove_preset("p", "1"), ptz.absolute_move("p", pose),
        ptz.relative_move("p", pose), ptz.continuous_move("p", pose, 1),
    ]  # fmt: skip
    sent = [element for call in calls if call.service == service for element in (call.body, *_all(call.body))]
    ours = {element.name for element in sent if element.namespace == service}
    assert len(ours) > 10
    assert ours <= known - {""}, sorted(ours - known)
    for call in calls:
        if call.service == service:
            order = re.search(
                rf'element name="{call.body.name}"(.*?)element name="{call.body.name}Response"', text, re.DOTALL
            )
            if order is not None:
                names = [child.name for child in call.body.children]
                spots = [order[1].find(f'name="{name}"') for name in names]
                assert spots == sorted(spots), call.body.name


def _all(element: Element) -> list[Element]:
    return [found for child in element.children for found in (child, *_all(child))]
