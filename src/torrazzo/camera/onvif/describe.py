# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo camera add` needs to know of a device, and a person wants to see. Never a picture."""

import asyncio
from typing import NamedTuple, TypeVar

from torrazzo.base.clock import Clock
from torrazzo.base.secret import Secret
from torrazzo.base.times import SECOND
from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import device, events, media, media2, ptz
from torrazzo.camera.onvif.addresses import stream_address
from torrazzo.camera.onvif.client import Client
from torrazzo.camera.onvif.device import Information
from torrazzo.camera.onvif.http import Trust
from torrazzo.camera.onvif.media2 import Mask, MaskOptions
from torrazzo.camera.onvif.profile import Encoder, Profile, choose_streams, sensors
from torrazzo.camera.onvif.ptz import Node
from torrazzo.camera.onvif.soap import EVENTS, MEDIA, MEDIA2, PTZ, Call, T

D = TypeVar("D")


class Stream(NamedTuple):
    """One stream that can be recorded."""

    profile: str
    url: str  # rtsp or rtsps, at the device's own host, without user information
    encoder: Encoder


class Description(NamedTuple):
    """A device as it describes itself; one sensor of it."""

    information: Information
    clock_seconds: float | None  # by which its clock is ahead of ours, to the second; None: it does not say
    has_media2: bool
    sensors: int
    main: Stream
    sub: Stream | None
    turns: Node | None  # None: it stands still
    masks: tuple[Mask, ...] | None  # None: it has no masks over ONVIF
    mask_options: MaskOptions | None
    about_people: tuple[str, ...]  # topics by which it would tell of persons (AI-03)


async def describe(
    where: str,
    username: str | None,
    password: Secret | None,
    clock: Clock,
    *,
    sensor: int = 1,
    trust: Trust | None = None,
) -> Description:
    """Ask a device for all of it; `sensor` counts from 1. Raises `CameraError`."""
    client = Client(where, username, password, clock, trust)
    try:
        async with asyncio.timeout(limits.ONVIF_SLOW_SECONDS):
            return await _describe(client, sensor)
    except TimeoutError as error:
        text = f"{client.address.place} had not said all after {limits.ONVIF_SLOW_SECONDS} s"
        raise CameraError(text, "net") from error


async def _describe(client: Client, sensor: int) -> Description:
    await client.open()
    information = await client.ask(device.get_information())
    profiles, has_media2 = await _profiles(client)
    known = sensors(profiles)
    if not known:
        raise CameraError(f"{client.address.place} offers no stream in H.264 or H.265", "codec")
    if not 1 <= sensor <= len(known):
        raise CameraError(f"{client.address.place} has {len(known)} sensors; there is no number {sensor}", "nosignal")
    streams = choose_streams(profiles, known[sensor - 1])
    assert streams is not None, "a sensor is one of which something can be recorded"
    main = await _stream(client, streams.main, has_media2)
    sub = None if streams.sub is None else await _stream(client, streams.sub, has_media2)
    masks, options = await _masks(client, streams.main.configuration)
    return Description(
        information,
        None if client.offset is None else round(client.offset / SECOND, 1),
        has_media2,
        len(known),
        main,
        None if sub is not None and sub.url == main.url else sub,
        await _node(client, streams.main.node),
        masks,
        options,
        await _about_people(client),
    )


async def turning_profile(client: Client, sensor: int) -> str:
    """The profile by which that sensor is turned; the client is open. Raises `CameraError`."""
    profiles, _ = await _profiles(client)
    known = sensors(profiles)
    if not 1 <= sensor <= len(known) or not client.has(PTZ):
        raise CameraError(f"{client.address.place} does not turn, or not over ONVIF", "nosignal")
    found = next((each for each in profiles if each.source == known[sensor - 1] and each.node), None)
    if found is None:
        raise CameraError(f"{client.address.place} does not turn, or not over ONVIF", "nosignal")
    return found.token


async def mask_configuration(client: Client, sensor: int) -> str | None:
    """To what masks of that sensor belong; None where it has no Media2. The client is open. Raises `CameraError`."""
    if not client.has(MEDIA2):
        return None
    profiles = await client.ask(media2.get_profiles())
    known = sensors(profiles)
    if not 1 <= sensor <= len(known):
        raise CameraError(f"{client.address.place} has {len(known)} sensors; there is no number {sensor}", "nosignal")
    streams = choose_streams(profiles, known[sensor - 1])
    assert streams is not None, "a sensor is one of which something can be recorded"
    return streams.main.configuration


async def _profiles(client: Client) -> tuple[list[Profile], bool]:
    """By Media2 where it works, and whether it did."""
    if client.has(MEDIA2):
        found = await _or(client, media2.get_profiles(), None) or []
        if sensors(found):
            return found, True
    if not client.has(MEDIA):
        return [], False
    return await client.ask(media.get_profiles()), False


async def _stream(client: Client, profile: Profile, has_media2: bool) -> Stream:
    service = media2 if has_media2 else media
    said = await client.ask(service.get_stream_uri(profile.token))
    assert profile.encoder is not None, "only what is encoded is chosen"
    return Stream(profile.token, stream_address(client.address, said), profile.encoder)


async def _masks(client: Client, configuration: str) -> tuple[tuple[Mask, ...] | None, MaskOptions | None]:
    if not client.has(MEDIA2):
        return None, None
    found = await _or(client, media2.get_masks(configuration), None)
    if found is None:
        return None, None
    return tuple(found), await _or(client, media2.get_mask_options(configuration), None)


async def _node(client: Client, node: str) -> Node | None:
    if not node or not client.has(PTZ):
        return None
    return await _or(client, ptz.get_node(node), None)


async def _about_people(client: Client) -> tuple[str, ...]:
    if not client.has(EVENTS):
        return ()
    topics = await _or(client, events.get_topics(), None)
    return tuple(events.about_people(topics or []))


async def _or(client: Client, call: Call[T], otherwise: D) -> T | D:
    """What it answers, or `otherwise`: what is extra must not keep a camera from being recorded."""
    try:
        return await client.ask(call)
    except CameraError:
        return otherwise
