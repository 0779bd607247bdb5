# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Talking to a device that isn't there: how it is signed in to, described, and what it may not do to us."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.camera.test_native import certificate
from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import Invalid
from torrazzo.base.secret import Secret
from torrazzo.camera import CameraError, limits
from torrazzo.camera.onvif import Client, Description, describe, device, events, imaging, media, media2, profile
from torrazzo.camera.onvif.errors import Fault
from torrazzo.camera.onvif.http import Trust
from torrazzo.camera.onvif.media2 import Mask
from torrazzo.testing import onvif_texts as texts
from torrazzo.testing.onvif import FakeOnvif, Traits, hostile
from torrazzo.testing.onvif_texts import Size

USER, PASSWORD = "operatore", "s3cret-Passw0rd"
SIGNED: Any = {"username": USER, "password": PASSWORD}


def ask(fake: FakeOnvif, password: str = PASSWORD, **more: Any) -> Description:
    """Describe it."""
    return asyncio.run(describe(fake.where, USER, Secret(password), SystemClock(), **more))


def client(fake: FakeOnvif) -> Client:
    """A conversation with it."""
    return Client(fake.where, USER, Secret(PASSWORD), SystemClock())


def test_a_device_is_described() -> None:
    """What adding a camera needs is found: both streams by Media2, codec, size, rate, clock, motor, masks."""
    traits = Traits(**SIGNED, sizes=(Size(640, 360, "H264", 12), Size(2592, 1944, "H265"), Size(320, 180, "JPEG")))
    with FakeOnvif(traits).running() as fake:
        found = ask(fake)
    assert found.information.model == "Fake 1"
    assert (found.has_media2, found.sensors) == (True, 1)
    assert found.main.url == "rtsp://127.0.0.1:554/s0p1"
    assert found.main.encoder[1:6] == ("h265", (2592, 1944), 25, 2_048_000, 50)
    assert found.sub is not None
    assert found.sub.url == "rtsp://127.0.0.1:554/s0p0"
    assert found.sub.encoder[1:4] == ("h264", (640, 360), 12)
    assert found.turns is not None
    assert found.turns[:5] == ((-1, 1), (-1, 1), (0, 1), True, True)
    assert found.masks == ()
    assert found.mask_options == (8, 16, False, ("Color", "Blurred"))
    assert found.about_people == ("RuleEngine/FaceDetector/Face",)
    assert found.clock_seconds is not None
    assert abs(found.clock_seconds) < 5


def test_no_picture_is_asked_for() -> None:
    """Describing asks for no snapshot, sends no GET, and changes nothing at the device."""
    with FakeOnvif(Traits(**SIGNED)).running() as fake:
        ask(fake)
    assert all(head.startswith("POST ") for head in fake.heads)
    assert all(asked.operation.startswith("Get") for asked in fake.log)
    assert not any("Snapshot" in asked.operation for asked in fake.log)


@pytest.mark.parametrize("off", [0.0, -86_400 * 365 * 9.0, 3_600.0])
@pytest.mark.parametrize("sign_in", ["digest", "token", "either"])
def test_each_way_of_signing_in(sign_in: str, off: float) -> None:
    """A device is signed in to in its own way, also when its clock is hours or years off."""
    with FakeOnvif(Traits(**SIGNED, sign_in=sign_in, clock_seconds=off)).running() as fake:
        found = ask(fake)
    assert found.clock_seconds is not None
    assert abs(found.clock_seconds - off) < 5
    let_in = [asked for asked in fake.log if asked.is_admitted and asked.operation != "GetSystemDateAndTime"]
    assert all(asked.has_digest == (sign_in != "token") for asked in let_in)
    assert all(asked.has_token == (sign_in == "token") for asked in let_in)


@pytest.mark.parametrize("offers", [("basic", "md5"), ("md5", "sha-256"), ("sha-256",)])
def test_nonces_that_end(offers: tuple[str, ...]) -> None:
    """A nonce that is good for one request is replaced each time, whether the device says that it is stale or not."""
    for says_stale in (True, False):
        with FakeOnvif(Traits(**SIGNED, offers=offers, nonce_uses=1, says_stale=says_stale)).running() as fake:
            assert ask(fake).sub is not None
        assert not any(asked.has_token for asked in fake.log)


def test_a_device_that_offers_what_it_does_not_take() -> None:
    """Where HTTP Digest is offered but only a token is taken, the token is tried after it."""
    with FakeOnvif(Traits(**SIGNED, sign_in="token", misleads=True)).running() as fake:
        assert ask(fake).sub is not None


def test_faults_that_come_as_if_all_were_well() -> None:
    """A device that says with status 200 that it does not know us is signed in to."""
    with FakeOnvif(Traits(**SIGNED, sign_in="token", fault_status=200)).running() as fake:
        assert ask(fake).sub is not None


def test_what_a_user_may_not_do() -> None:
    """What this user may not ask is left out; how the device is signed in to does not change by it."""
    with FakeOnvif(Traits(**SIGNED, forbids=("GetNode", "GetMasks"))).running() as fake:
        found = ask(fake)
    assert (found.turns, found.masks) == (None, None)
    assert {asked.operation for asked in fake.log if asked.has_token} == {"GetNode", "GetMasks"}


def test_tls_with_a_pinned_certificate_or_none(tmp_path: Path) -> None:
    """A device with TLS is asked when its certificate is the pinned one; to another one nothing is said."""
    context, pem, pin = certificate(tmp_path)
    with FakeOnvif(Traits(**SIGNED, tls=context)).running() as fake:
        assert ask(fake, trust=Trust(None, pin)).sub is not None
        heads = len(fake.heads)
        for trust in (Trust(None, "0" * 64), Trust(), Trust(pem, None)):  # the last: its name is localhost
            with pytest.raises(CameraError) as told:
                ask(fake, trust=trust)
            assert told.value.why == "net"
        assert len(fake.heads) == heads


def test_basic_is_never_used() -> None:
    """A device that wants the password in the clear does not get it."""
    with FakeOnvif(Traits(**SIGNED, offers=("basic",))).running() as fake, pytest.raises(CameraError) as told:
        ask(fake)
    assert told.value.why == "auth"
    assert not any("authorization" in head.lower() for head in fake.heads)


def test_a_wrong_password_is_told_once() -> None:
    """A wrong password is an error with its cause, after one try in each way, and stands nowhere."""
    for sign_in in ("digest", "token", "either"):
        with FakeOnvif(Traits(**SIGNED, sign_in=sign_in)).running() as fake, pytest.raises(CameraError) as told:
            ask(fake, "wrong-Passw0rd")
        assert told.value.why == "auth"
        assert "wrong-Passw0rd" not in f"{told.value!r} {told.value.__cause__!r} {fake.heads}"
        assert sum(asked.has_digest or asked.has_token for asked in fake.log) <= 2
    with FakeOnvif(Traits(**SIGNED)).running() as fake, pytest.raises(CameraError, match="wants a user") as told:
        asyncio.run(describe(fake.where, None, None, SystemClock()))


def test_the_password_is_never_on_the_wire() -> None:
    """Neither way of signing in shows the password, in a head or a body."""
    for sign_in in ("digest", "token"):
        with FakeOnvif(Traits(**SIGNED, sign_in=sign_in)).running() as fake:
            ask(fake)
        assert PASSWORD not in str(fake.heads) + str(fake.log)


def test_without_media2() -> None:
    """A device of Profile S is asked by Media; one that only knows GetCapabilities, by these."""
    for has_services in (True, False):
        with FakeOnvif(Traits(has_media2=False, has_services=has_services, has_ptz=False)).running() as fake:
            found = ask(fake)
        assert (found.has_media2, found.masks, found.turns) == (False, None, None)
        assert found.main.encoder[1:6] == ("h264", (1920, 1080), 25, 2_048_000, 50)
        assert found.main.url.endswith("/s0p0")


def test_one_address_is_one_stream() -> None:
    """Where a device gives one address for all its profiles there is no sub stream: it would be the main one, twice."""
    with FakeOnvif(Traits(has_one_url=True)).running() as fake:
        assert ask(fake).sub is None


def test_a_device_that_looks_several_ways() -> None:
    """Of a device with several sensors the one that is named is described."""
    with FakeOnvif(Traits(sensors=4)).running() as fake:
        found = ask(fake, sensor=3)
        assert (found.sensors, found.main.profile) == (4, "s2p0")
        with pytest.raises(CameraError, match="4 sensors"):
            ask(fake, sensor=5)


def test_only_the_named_host_is_spoken_to() -> None:
    """Services and streams are reached at the host that was named, whatever the device calls itself."""
    with FakeOnvif(Traits(**SIGNED, calls_itself="203.0.113.9:8080", stream_query="?channel=1&x=2")).running() as fake:
        found = ask(fake)
    assert found.main.url == "rtsp://127.0.0.1:554/s0p0?channel=1&x=2"
    assert {asked.path for asked in fake.log} >= {"/onvif/tr2", "/onvif/tptz"}


def test_extras_that_fail_do_not_hinder() -> None:
    """A device that has no masks, tells no time and chokes on its motor can be added all the same."""
    traits = Traits(has_masks=False, tells_time=False, raw={"GetNode": hostile()["bomb"], "GetEventProperties": b""})
    with FakeOnvif(traits).running() as fake:
        found = ask(fake)
    assert (found.masks, found.mask_options, found.turns, found.clock_seconds) == (None, None, None, None)
    assert found.about_people == ()


@pytest.mark.parametrize("what", sorted(hostile()))
@pytest.mark.parametrize("operation", ["GetSystemDateAndTime", "GetProfiles", "GetStreamUri"])
def test_hostile_answers(what: str, operation: str) -> None:
    """What no device should answer ends at once in an error with a cause: no hang, no other exception."""
    began = time.monotonic()
    with FakeOnvif(Traits(raw={operation: hostile()[what]})).running() as fake, pytest.raises(CameraError) as told:
        ask(fake)
    assert told.value.why in {"net", "nosignal"}
    assert str(told.value).isprintable()
    assert time.monotonic() - began < 60
    assert {asked.path for asked in fake.log} <= {"/onvif/device_service", "/onvif/trt", "/onvif/tr2"}


def test_a_picture_is_not_read() -> None:
    """An answer that says it is a picture is refused by its head, before one byte of it is looked at."""
    traits = Traits(raw={"GetProfiles": hostile()["picture"]})
    with (
        FakeOnvif(traits).running() as fake,
        pytest.raises(CameraError, match="image/jpeg, not with SOAP"),
    ):
        asyncio.run(_profiles(client(fake)))


async def _profiles(talk: Client) -> None:
    await talk.open()
    await talk.ask(media2.get_profiles())


def test_redirections_are_not_followed() -> None:
    """A device that points elsewhere is told as such; nobody else is asked."""
    traits = Traits(raw={"GetServices": hostile()["elsewhere"]})
    with FakeOnvif(traits).running() as fake, pytest.raises(CameraError, match="points elsewhere"):
        ask(fake)
    assert fake.operations == ["GetSystemDateAndTime", "GetServices"]


def test_a_device_without_a_clock() -> None:
    """A device that refuses to tell its time is described all the same."""
    refusal = texts.http(400, texts.fault("Receiver", "ActionNotSupported"))
    with FakeOnvif(Traits(**SIGNED, raw={"GetSystemDateAndTime": refusal})).running() as fake:
        assert ask(fake).clock_seconds is None


def test_a_slow_device_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that does not answer in time is an error; so is one that takes too long in all."""
    monkeypatch.setattr(limits, "ONVIF_SECONDS", 0.3)
    with (
        FakeOnvif(Traits(slow={"GetProfiles": 5})).running() as fake,
        pytest.raises(CameraError, match="did not answer"),
    ):
        ask(fake)
    monkeypatch.setattr(limits, "ONVIF_SLOW_SECONDS", 0.2)
    monkeypatch.setattr(limits, "ONVIF_SECONDS", 5)
    with FakeOnvif(Traits(slow={"GetProfiles": 5})).running() as fake, pytest.raises(CameraError, match="not said all"):
        ask(fake)


def test_nobody_there() -> None:
    """A port where nothing listens, and a text that is no address, are errors that say so."""
    with FakeOnvif().running() as fake:
        pass
    with pytest.raises(CameraError, match="nothing listens"):
        ask(fake)
    for text in (
        "",
        "http://",
        "ftp://h/",
        "http://u:p@h/",
        "h:0",
        "h:x",
        "http://h/\x01",
        "http://h/ x",
        "http://[::1/",
    ):
        with pytest.raises(CameraError, match="not a device's address"):
            Client(text, None, None, SystemClock())


def test_masks_are_made_changed_and_taken_away() -> None:
    """A mask that is created is read back the same, changed, and gone; one that the device does not know is a fault."""
    made = Mask("", "source0", ((-0.5, 0.25), (0.5, 0.25), (0.0, -0.75)), "Color", enabled=True)

    async def work(talk: Client) -> None:
        await talk.open()
        token = await talk.ask(media2.create_mask(made))
        assert await talk.ask(media2.get_masks("source0")) == [made._replace(token=token)]
        await talk.ask(media2.set_mask(made._replace(token=token, kind="Blurred", enabled=False)))
        assert [mask.kind for mask in await talk.ask(media2.get_masks())] == ["Blurred"]
        with pytest.raises(Fault) as told:
            await talk.ask(media2.set_mask(made._replace(token="another")))
        assert told.value.is_missing
        await talk.ask(media2.delete_mask(token))
        assert await talk.ask(media2.get_masks()) == []

    with FakeOnvif(Traits(**SIGNED)).running() as fake:
        asyncio.run(work(client(fake)))


def test_a_key_frame_and_other_values() -> None:
    """A key frame is asked for, and an encoder given back whole with what was changed in it, over both services."""

    async def work(talk: Client) -> None:
        await talk.open()
        for service in (media, media2):
            await talk.ask(service.set_synchronization_point("s0p0"))
            encoder = (await talk.ask(service.get_encoders()))[0]
            raw = profile.with_values(encoder.raw, size=(1280, 720), rate=12.5, bits=512_000)
            await talk.ask(service.set_encoder(raw))

    with FakeOnvif(Traits(**SIGNED)).running() as fake:
        asyncio.run(work(client(fake)))
    assert fake.key_frames == ["s0p0", "s0p0"]
    for asked in fake.log:
        if asked.operation == "SetVideoEncoderConfiguration" and asked.is_admitted:
            found = asked.body.find("Configuration")
            assert found is not None
            encoder = profile.read_encoder(found)
            assert encoder[:5] == ("encoder0", "h264", (1280, 720), 12.5, 512_000)
            assert (found.get("Name"), encoder.group) == ("encoder 0", 50)


def test_events_of_named_topics_only() -> None:
    """Only what was subscribed to comes; the subscription's own parameter goes back; faces cannot be subscribed to."""

    async def work(talk: Client) -> list[events.Event]:
        await talk.open()
        topics = await talk.ask(events.get_topics())
        assert topics == ["VideoSource/GlobalSceneChange", "RuleEngine/FaceDetector/Face"]
        point = await talk.ask(events.create_pull_point(["tns1:VideoSource/GlobalSceneChange"], 60))
        fake.events += ["RuleEngine/FaceDetector/Face", "VideoSource/GlobalSceneChange"]
        told = await talk.ask(events.pull(point, 1, 10))
        await talk.ask(events.renew(point, 60))
        await talk.ask(events.unsubscribe(point))
        return told

    with FakeOnvif(Traits(**SIGNED)).running() as fake:
        told = asyncio.run(work(client(fake)))
    assert [(event.topic, event.operation, event.data) for event in told] == [
        ("tns1:VideoSource/GlobalSceneChange", "Changed", {"State": "true"})
    ]
    assert told[0].time is not None
    assert abs(told[0].time - SystemClock().utc()) < 60 * 90_000
    for topic in ("tns1:RuleEngine/FaceDetector/Face", "tns1:RuleEngine/LicensePlateRecognition", "//.", "tns1:a b"):
        with pytest.raises(Invalid, match="not a topic"):
            events.create_pull_point([topic], 60)


def test_how_a_sensor_sees() -> None:
    """Settings are read with their ranges; what is set is in the order of the schema."""

    async def work(talk: Client) -> None:
        await talk.open()
        assert await talk.ask(imaging.get_settings("sensor0")) == (
            {"Brightness": 50, "ColorSaturation": 128, "Contrast": 64},
            "AUTO",
        )
        assert await talk.ask(imaging.get_options("sensor0")) == {"Brightness": (0, 100)}
        await talk.ask(imaging.set_settings("sensor0", {"Sharpness": 3, "Brightness": 40}, "ON"))

    with FakeOnvif().running() as fake:
        asyncio.run(work(client(fake)))
    found = fake.log[-1].body.find("ImagingSettings")
    assert found is not None
    assert [(leaf.name, leaf.text) for leaf in found.children] == [
        ("Brightness", "40"),
        ("IrCutFilter", "ON"),
        ("Sharpness", "3"),
    ]


def test_a_clock_is_set_only_when_asked() -> None:
    """Setting the clock writes UTC; nothing else of ours ever sends it."""
    call = device.set_clock(SystemClock().utc())
    found = call.body.find("UTCDateTime", "Date")
    assert found is not None
    assert found.integer("Year") == time.gmtime().tm_year
