# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is there, and what a device gives: what it is, what it sends, what should be set otherwise. Never a picture."""

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.camera import probe
from torrazzo.camera.onvif import Description, Found, describe, discover
from torrazzo.camera.onvif.describe import Stream
from torrazzo.camera.onvif.discovery import GROUP
from torrazzo.camera.onvif.http import Trust
from torrazzo.camera.probe import Probe
from torrazzo.control_room.camera_jobs import Job
from torrazzo.town.camera import Camera, StreamConfig

ROUNDS, ROUND_S = 4, 1.0  # questions are lost; what answered is shown after each round
CLOCK_S = 2.0  # by which a camera's clock may be off
GROUP_S = 4.0  # from key frame to key frame
SMALL = 1280 * 720  # of a stream for tiles


def search_target(text: str) -> tuple[str, int]:
    """Whom to ask: everybody in the network, or one address `host[:port]`. Raises `Invalid`."""
    if not text:
        return GROUP
    host, _, port = text.partition(":")
    try:
        number = int(port) if port else GROUP[1]
        return str(ipaddress.IPv4Address(host)), number if 0 < number < 65_536 else int("x")
    except ValueError as error:
        raise Invalid(f"at: {text[:40]!r} is no address such as 10.1.0.20") from error


async def search(job: Job, at: tuple[str, int], interface: str, known: Mapping[str, str]) -> None:
    """`known`: host → name of a camera that is in the registry."""
    found: dict[str, Found] = {}
    for number in range(ROUNDS):
        found |= {each.endpoint: each for each in await discover(ROUND_S, interface, at)}
        job.progress = (number + 1) / ROUNDS
        job.found = [_found(each, known) for each in sorted(found.values(), key=lambda each: each.addresses)]


def known_hosts(cameras: Iterable[Camera]) -> Mapping[str, str]:
    """Under which hosts which cameras are known."""
    hosts: dict[str, str] = {}
    for camera in cameras:
        for url in (camera.device, *(stream.url for stream in camera.streams)):
            host = None if url is None else urlsplit(url).netloc.rpartition("@")[2]
            if host:
                hosts.setdefault(host, camera.name)
    return hosts


def _found(found: Found, known: Mapping[str, str]) -> dict[str, object]:
    host = urlsplit(found.addresses[0]).netloc
    return {
        "address": found.addresses[0],
        "name": found.name,
        "hardware": found.hardware,
        "location": found.location,
        "known": known.get(host),
    }


class Wanted(NamedTuple):
    """What is to be looked at: a device, which is asked for its streams, or streams by their addresses."""

    device: str | None
    sensor: int
    streams: tuple[StreamConfig, ...]
    like: StreamConfig  # how to sign in at the device, and how to know it


async def look(job: Job, wanted: Wanted, clock: Clock) -> None:
    """Ask the device, then watch its streams for some seconds; `job.found` has one entry in the end."""
    description, streams = None, wanted.streams
    if wanted.device is not None:
        like = wanted.like
        trust = Trust(like.ca_pem, like.pin_sha256)
        description = await describe(
            wanted.device, like.username, like.password, clock, sensor=wanted.sensor, trust=trust
        )
        job.progress = 0.3
        streams = streams or _streams_of(description, like)
    asking = [asyncio.ensure_future(probe(stream, clock)) for stream in streams]
    results = []
    try:
        for done in asking:
            results.append(await done)
            job.progress += (1 - job.progress) / 2
    finally:
        for each in asking:
            each.cancel()
    job.found = [_told(description, list(zip(streams, results, strict=True)), wanted.like.password)]


def _streams_of(description: Description, like: StreamConfig) -> tuple[StreamConfig, ...]:
    urls = {"main": description.main.url, "sub": None if description.sub is None else description.sub.url}
    camera = CameraId(like.id.camera)
    return tuple(
        StreamConfig(
            StreamId(camera, name), url, like.username, like.password, like.transport, like.ca_pem, like.pin_sha256
        )
        for name, url in urls.items()
        if url is not None
    )


def _told(
    device: Description | None, results: Sequence[tuple[StreamConfig, Probe]], password: Secret | None
) -> dict[str, object]:
    found: dict[str, object] = {
        "device": None if device is None else _device(device),
        "streams": [_stream(config, result) for config, result in results],
        "advice": list(advice(device, results)),
    }
    return _without(found, "" if password is None else password.reveal())


def _device(found: Description) -> dict[str, object]:
    return {
        "maker": found.information.maker,
        "model": found.information.model,
        "firmware": found.information.firmware,
        "clock_s": found.clock_seconds,
        "sensors": found.sensors,
        "turns": found.turns is not None,
        "masks": None if found.masks is None else len(found.masks),
        "masks_most": None if found.mask_options is None else found.mask_options.most,
        "about_people": list(found.about_people),
    }


def _stream(config: StreamConfig, found: Probe) -> dict[str, object]:
    return {
        "name": config.id.name,
        "url": config.shown_url,
        "why": found.why,
        "message": found.message,
        "codec": found.codec,
        "width": None if found.size is None else found.size[0],
        "height": None if found.size is None else found.size[1],
        "fps": None if found.frames_per_second is None else round(found.frames_per_second, 1),
        "bits": found.bits_per_second,
        "server": found.server,
    }


def advice(device: Description | None, results: Sequence[tuple[StreamConfig, Probe]]) -> Iterable[str]:
    """What should be otherwise, by the words of the page."""
    by_name = {config.id.name: found for config, found in results}
    sub = by_name.get("sub")
    if sub is None:
        yield "no_sub"
    elif sub.codec not in {None, "h264"}:
        yield "sub_codec"
    if sub is not None and sub.size is not None and sub.size[0] * sub.size[1] > SMALL:
        yield "sub_large"
    if any("audio" in track.lower() for found in by_name.values() for track in found.tracks):
        yield "audio"
    if device is None:
        return
    if any(stream is not None and _is_long(stream) for stream in (device.main, device.sub)):
        yield "group_long"
    if device.clock_seconds is None or abs(device.clock_seconds) > CLOCK_S:
        yield "clock"
    if device.about_people:
        yield "about_people"
    if device.masks is None:
        yield "no_masks"


def _is_long(stream: Stream) -> bool:
    encoder = stream.encoder
    return bool(encoder.group and encoder.rate and encoder.group / encoder.rate > GROUP_S)


def _without(found: dict[str, object], secret: str) -> dict[str, object]:
    """The same; what a device says may repeat our password."""
    return {key: _scrubbed(value, secret) for key, value in found.items()} if secret else found


def _scrubbed(value: object, secret: str) -> object:
    if isinstance(value, str):
        return value.replace(secret, "…")
    if isinstance(value, list):
        return [_scrubbed(each, secret) for each in value]
    return _without(value, secret) if isinstance(value, dict) else value
