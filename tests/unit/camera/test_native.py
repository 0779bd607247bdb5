# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The native source against a camera that isn't there, on a clock that jumps."""

import asyncio
import datetime as dt
import hashlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from torrazzo.base.secret import Secret
from torrazzo.camera import AccessUnit, CameraError, SenderReport, Source, limits, open_source, probe
from torrazzo.camera.source import Followable
from torrazzo.camera.units import Event
from torrazzo.testing import FakeClock, faults
from torrazzo.testing.camera import FakeCamera, Habits
from torrazzo.testing.clips import Clip, ClipSpec, encode
from torrazzo.testing.clock import run_virtual

CLIP = encode(ClipSpec(width=320, height=180, frames=50, gop=25, noise=0.1))
PASSWORD = "s3cret-Passw0rd"


@dataclass(frozen=True)
class Config:
    url: str
    username: str | None = None
    password: Secret | None = None
    transport: str = "auto"
    ca_pem: str | None = None
    pin_sha256: str | None = None


async def watch(source: Source, clock: FakeClock, seconds: float, period: float = 0.25) -> list[Event]:
    """What sweeps of that long give."""
    events: list[Event] = []
    until = clock.boot_ns() + round(seconds * 1e9)
    while clock.boot_ns() < until:
        await asyncio.sleep(period)
        events += source.sweep(clock.boot_ns())
    return events


def drain(source: Source, clock: FakeClock) -> tuple[int, CameraError]:
    """How many pictures come before the end, and the end."""
    count = 0
    for _ in range(100):
        try:
            count += len(units(source.sweep(clock.boot_ns())))
        except CameraError as error:
            return count, error
    raise AssertionError("the stream has no end")


def units(events: list[Event]) -> list[AccessUnit]:
    return [event for event in events if isinstance(event, AccessUnit)]


def play(
    scene: Callable[[FakeCamera, Source, FakeClock], Awaitable[None]], clip: Clip = CLIP, habits: Habits | None = None
) -> None:
    """Open the camera, act, close; nothing may be left open."""
    clock = FakeClock()

    async def run() -> None:
        camera = FakeCamera(clip, clock, habits)
        await camera.start()
        name = camera.habits.username or None
        config = Config(camera.url, name, Secret(camera.habits.password) if name else None)
        source = await open_source(config, clock)
        try:
            await scene(camera, source, clock)
        finally:
            await source.close()
            await source.close()
            await camera.stop()

    run_virtual(clock, run())


@pytest.mark.parametrize(
    "habits",
    [
        Habits(),
        Habits(username="u", password=PASSWORD),
        Habits(username="u", password=PASSWORD, auth=("basic",)),
        Habits(username="u", password=PASSWORD, auth=("sha-256", "md5"), qop=True, nonce_uses=2),
        Habits(control="absolute", content_base=None, sdp_parameter_sets=False, aggregate=True),
        Habits(marker=False, audio=True, rtp_info=False),
        Habits(band_parameter_sets=False, mtu=500),
    ],
    ids=["plain", "digest", "basic", "sha-256", "absolute", "no marker", "sets in sdp"],
)
def test_every_picture_comes_once_and_in_order(habits: Habits) -> None:
    """Ten seconds of a healthy camera: 25 pictures a second, none lost, time steps even, sets in band at key frames."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        events = await watch(source, clock, 10)
        found = units(events)
        assert len(found) >= 225  # it may have waited for a key frame
        assert found[0].is_key
        assert {b.pts - a.pts for a, b in pairwise(found)} == {3600}
        assert not any(unit.lost or unit.discontinuity for unit in found)
        assert (found[0].format.width, found[0].format.height) == (320, 180)
        assert all(unit.format.parameter_sets[0] in unit.data for unit in found if unit.is_key)
        assert sum(isinstance(event, SenderReport) for event in events) >= 8

    play(scene, habits=habits)


def test_h265_with_reordered_pictures() -> None:
    """Decoding times grow strictly and are never later than the showing."""
    clip = encode(ClipSpec(codec="h265", width=320, height=180, frames=50, gop=25, b_frames=2))

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        found = units(await watch(source, clock, 4))
        assert found[0].format.codec == "h265"
        assert all(a.dts < b.dts for a, b in pairwise(found))
        assert all(unit.dts <= unit.pts for unit in found)
        assert any(a.pts > b.pts for a, b in pairwise(found))

    play(scene, clip)


@pytest.mark.parametrize("keep_alive", ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"])
def test_the_session_is_kept_alive(keep_alive: str) -> None:
    """A camera that hangs up after ten silent seconds streams on for a minute; half its timeout passes between."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        assert len(units(await watch(source, clock, 61))) > 1_400
        asked = [request.method for request in camera.requests]
        assert 11 <= asked.count(keep_alive) <= 15
        assert camera.receiver_reports >= 10

    play(scene, habits=Habits(session_timeout=10, keep_alive=(keep_alive,)))


def test_a_key_frame_can_be_asked_for() -> None:
    """PLI reaches the camera, at most twice a second."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        source.request_key_frame()  # nothing is known of the sender yet
        await watch(source, clock, 1)
        for _ in range(10):
            source.request_key_frame()
        await watch(source, clock, 1)
        source.request_key_frame()
        await watch(source, clock, 1)
        assert camera.picture_losses == 2

    play(scene)


def test_lost_packets_are_counted_and_pictures_go_on() -> None:
    """Missing numbers are told; what came whole is given."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        await watch(source, clock, 2)
        camera.do(faults.DropPackets(count=5, every=7))
        found = units(await watch(source, clock, 4))
        assert sum(unit.lost for unit in found) == 5
        assert 90 <= len(found) < 100

    play(scene)


def test_packets_that_come_twice_or_swapped_cost_little() -> None:
    """Duplicates cost nothing, two that change places at most their picture."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        await watch(source, clock, 2)
        camera.do(faults.RepeatPackets(count=20))
        assert len(units(await watch(source, clock, 4))) == 100
        camera.do(faults.SwapPackets(count=3))
        found = units(await watch(source, clock, 4))
        assert len(found) >= 97
        assert sum(unit.lost for unit in found) == 3

    play(scene, habits=Habits(mtu=300))


def test_garbage_on_the_connection_is_the_cause_net() -> None:
    """What came before it is given; then the stream is broken, and stays so."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        await watch(source, clock, 2)
        camera.do(faults.Garbage(size=2_000))
        with pytest.raises(CameraError) as caught:
            await watch(source, clock, 10)
        assert caught.value.why == "net"
        with pytest.raises(CameraError):
            source.sweep(clock.boot_ns())

    play(scene)


@pytest.mark.parametrize("reset", [False, True])
def test_a_closed_connection_gives_first_what_it_brought(reset: bool) -> None:
    """All pictures sent before the end are given before the error."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        before = len(units(await watch(source, clock, 2)))
        await asyncio.sleep(1)
        camera.do(faults.Close(reset=reset))
        await asyncio.sleep(0.1)
        after, error = drain(source, clock)
        assert error.why == "net"
        assert before >= 25
        assert after >= 25 or reset

    play(scene)


def test_a_camera_that_refuses_us_in_mid_stream_is_the_cause_auth() -> None:
    """401 to a keep-alive, twice."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        await watch(source, clock, 2)
        camera.do(faults.Unauthorized(closes=False))
        with pytest.raises(CameraError) as caught:
            await watch(source, clock, 60)
        assert caught.value.why == "auth"

    play(scene, habits=Habits(username="u", password=PASSWORD))


def test_a_clock_that_jumps_is_a_discontinuity() -> None:
    """The camera's media time jumped: said once, pictures go on."""

    async def scene(camera: FakeCamera, source: Source, clock: FakeClock) -> None:
        await watch(source, clock, 2)
        camera.do(faults.JumpClock(ticks=3_600 * 90_000))
        found = units(await watch(source, clock, 4))
        assert sum(unit.discontinuity for unit in found) == 1
        assert len(found) == 100

    play(scene)


def fails(
    config: Config | Callable[[FakeCamera], Config], habits: Habits, *bad: faults.Fault
) -> tuple[CameraError, int]:
    """How opening fails, and after how many seconds."""
    clock = FakeClock()

    async def run() -> tuple[CameraError, int]:
        camera = FakeCamera(CLIP, clock, habits)
        await camera.start()
        for fault in bad:
            camera.do(fault)
        began = clock.boot_ns()
        try:
            with pytest.raises(CameraError) as caught:
                await open_source(config(camera) if callable(config) else config, clock)
            return caught.value, (clock.boot_ns() - began) // 10**9
        finally:
            await camera.stop()

    return run_virtual(clock, run())


def test_a_wrong_password_is_the_cause_auth_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the error nor in a log."""
    caplog.set_level(logging.DEBUG)
    habits = Habits(username="u", password="right")
    error, _ = fails(lambda camera: Config(camera.url, "u", Secret(PASSWORD)), habits)
    assert error.why == "auth"
    shown = str(error) + repr(error) + repr(error.__cause__) + repr(error.__context__) + caplog.text
    assert PASSWORD not in shown


def test_a_camera_that_never_answers_costs_ten_seconds() -> None:
    """Opening has a limit."""
    error, seconds = fails(lambda camera: Config(camera.url), Habits(), faults.SlowReply(method="SETUP", seconds=1_000))
    assert error.why == "net"
    assert seconds == limits.OPEN_SECONDS


def test_a_camera_that_is_off_is_the_cause_net() -> None:
    """Refused at once."""
    error, seconds = fails(lambda camera: Config(camera.url), Habits(), faults.Refuse())
    assert (error.why, seconds) == ("net", 0)


def test_a_ring_of_redirections_ends() -> None:
    """Each is followed, up to the limit."""
    clock = FakeClock()

    async def run() -> None:
        camera = FakeCamera(CLIP, clock)
        await camera.start()
        camera.do(faults.Answer("DESCRIBE", 302, location=camera.url))
        with pytest.raises(CameraError, match="redirects more than 5 times"):
            await open_source(Config(camera.url), clock)
        assert len([request for request in camera.requests if request.method == "DESCRIBE"]) == limits.REDIRECTS + 1
        await camera.stop()

    run_virtual(clock, run())


def test_a_redirection_is_followed() -> None:
    """302 to another camera: its pictures come."""
    clock = FakeClock()

    async def run() -> None:
        one, two = FakeCamera(CLIP, clock), FakeCamera(CLIP, clock, Habits(path="/other"))
        await one.start()
        await two.start()
        one.do(faults.Answer("DESCRIBE", 301, location=two.url))
        source = await open_source(Config(one.url), clock)
        assert units(await watch(source, clock, 2))
        await source.close()
        await one.stop()
        await two.stop()

    run_virtual(clock, run())


def certificate(folder: Path) -> tuple[ssl.SSLContext, str, str]:
    """A server's context, its certificate as PEM, and its pin."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(plain + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, pem.decode(), hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


def test_tls_with_a_pinned_certificate_or_a_ca(tmp_path: Path) -> None:
    """The pinned certificate is accepted whatever its name, a CA's only for its name, others never."""
    context, pem, pin = certificate(tmp_path)
    clock = FakeClock()

    async def run() -> None:
        camera = FakeCamera(CLIP, clock, Habits(tls=context))
        await camera.start()
        named = camera.url.replace("127.0.0.1", "localhost")
        for config in (Config(camera.url, pin_sha256=pin), Config(named, ca_pem=pem)):
            source = await open_source(config, clock)
            found = units(await watch(source, clock, 4))
            assert len(found) >= 75
            assert not any(unit.lost for unit in found)
            assert isinstance(source, Followable)
            assert source.hand_over() is None, "nobody else can read what is encrypted"
            await source.close()
        for config, text in (
            (Config(camera.url, ca_pem=pem), "isn't trusted"),
            (Config(named), "isn't trusted"),
            (Config(named, pin_sha256="0" * 64), "another certificate than the pinned one"),
            (Config(named, ca_pem="nonsense"), "can't be read as PEM"),
        ):
            with pytest.raises(CameraError, match=text) as caught:
                await open_source(config, clock)
            assert caught.value.why == "net"
        await camera.stop()

    run_virtual(clock, run())


def test_plain_rtsp_where_tls_is_expected_and_the_other_way_round(tmp_path: Path) -> None:
    """Both are errors of the connection, with words."""
    context, _, pin = certificate(tmp_path)
    error, _ = fails(lambda camera: Config(camera.url.replace("rtsp:", "rtsps:"), pin_sha256=pin), Habits())
    assert error.why == "net"
    error, _ = fails(lambda camera: Config(camera.url.replace("rtsps:", "rtsp:")), Habits(tls=context))
    assert error.why == "net"


def test_probing_says_what_comes() -> None:
    """Codec, size, speed, tracks; and why nothing comes."""
    clock = FakeClock()

    async def run() -> None:
        camera = FakeCamera(CLIP, clock, Habits(audio=True))
        await camera.start()
        found = await probe(Config(camera.url), clock)
        assert found.why is None
        assert (found.codec, found.size) == ("h264", (320, 180))
        assert found.frames_per_second == pytest.approx(25)
        assert found.tracks[-1].startswith("video H264") or found.tracks[0].startswith("video H264")
        assert "320x180" in found.message
        camera.do(faults.Freeze())
        found = await probe(Config(camera.url), clock)
        assert found.why == "nosignal"
        await camera.stop()
        found = await probe(Config(camera.url), clock)
        assert found.why == "net"

    run_virtual(clock, run())
