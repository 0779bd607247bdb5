# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo camera discover` and `torrazzo camera add --onvif` ask and tell."""

import asyncio
from collections.abc import Sequence

from torrazzo.base.clock import SystemClock
from torrazzo.base.secret import Secret
from torrazzo.camera.onvif import Description, Found, describe, discover
from torrazzo.camera.onvif.describe import Stream
from torrazzo.camera.onvif.http import Trust
from torrazzo.cli.output import warn, write_table

_CLOCK_SECONDS = 2.0  # by which a camera's clock may be off before we say so


def search(seconds: float, interface: str) -> list[Found]:
    """Who answers in this network."""
    return asyncio.run(discover(seconds, interface))


def found_json(found: Found) -> dict[str, object]:
    """For machines."""
    return {
        "address": found.addresses[0],
        "addresses": list(found.addresses),
        "answered_from": found.sender,
        "endpoint": found.endpoint,
        "name": found.name,
        "hardware": found.hardware,
        "location": found.location,
    }


def show_found(devices: Sequence[Found]) -> None:
    """In words."""
    if not devices:
        print("No device answered. Cameras are asked in this network only; a router does not pass the question on.")
        return
    rows = [(found.addresses[0], found.name, found.hardware, found.location) for found in devices]
    write_table(("ADDRESS", "NAME", "HARDWARE", "LOCATION"), rows)


def ask_device(address: str, user: str | None, password: Secret | None, sensor: int, trust: Trust) -> Description:
    """What a device says about itself; never a picture."""
    return asyncio.run(describe(address, user, password, SystemClock(), sensor=sensor, trust=trust))


def description_json(found: Description) -> dict[str, object]:
    """For machines."""
    return {
        "maker": found.information.maker,
        "model": found.information.model,
        "firmware": found.information.firmware,
        "serial": found.information.serial,
        "media2": found.has_media2,
        "clock_seconds": found.clock_seconds,
        "sensors": found.sensors,
        "main": _stream_json(found.main),
        "sub": None if found.sub is None else _stream_json(found.sub),
        "turns": found.turns is not None,
        "masks": None if found.masks is None else len(found.masks),
        "masks_at_most": None if found.mask_options is None else found.mask_options.most,
        "about_people": list(found.about_people),
    }


def _stream_json(stream: Stream) -> dict[str, object]:
    _, codec, size, rate, bits, group, _ = stream.encoder
    return {
        "profile": stream.profile,
        "codec": codec,
        "size": None if size is None else list(size),
        "frames_per_second": rate,
        "bits_per_second": bits,
        "frames_per_group": group,
    }


def show_description(found: Description) -> None:
    """In words, below what was added."""
    told = found.information
    print(f"  device      {' '.join(filter(None, (told.maker, told.model, told.firmware))) or '-'}")
    for name, stream in (("main", found.main), ("sub", found.sub)):
        if stream is not None:
            print(f"  {name:<11} {_stream_text(stream)}")
    if found.sensors > 1:
        print(f"  sensors     {found.sensors}; the others are cameras of their own (--sensor)")
    print(f"  turns       {'yes' if found.turns is not None else 'no'}")
    print(f"  masks       {_masks_text(found)}")


def _stream_text(stream: Stream) -> str:
    _, codec, size, rate, bits, *_ = stream.encoder
    parts = [codec.upper().replace("H26", "H.26"), "" if size is None else f"{size[0]}x{size[1]}"]
    parts += ["" if rate is None else f"{rate:g} frames/s", "" if bits is None else f"{bits // 1000} kbit/s"]
    return ", ".join(filter(None, parts))


def _masks_text(found: Description) -> str:
    if found.masks is None:
        return "none over ONVIF"
    count = str(len(found.masks))
    return count if found.mask_options is None else f"{count} of at most {found.mask_options.most}"


def warn_of(found: Description) -> None:
    """What a person should see to."""
    off = found.clock_seconds
    if off is None:
        warn("the camera does not tell its time")
    elif abs(off) > _CLOCK_SECONDS:
        side = "ahead" if off > 0 else "behind"
        warn(f"the camera's clock is {abs(off):.0f} s {side}: what it writes into the picture is wrong; give it NTP")
    if found.about_people:
        warn(
            f"the camera can tell of persons, faces or plates ({', '.join(found.about_people)}): nothing here listens "
            "to it; switch it off at the camera (AI-03)"
        )
