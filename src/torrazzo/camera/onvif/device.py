# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The device itself: its clock, its names, its services (ONVIF Core, devicemgmt.wsdl). Pure."""

import datetime as dt
from typing import NamedTuple

from torrazzo.base.times import SECOND, UtcTicks, ticks_from_ns
from torrazzo.camera import limits
from torrazzo.camera.onvif.soap import DEVICE, EVENTS, IMAGING, MEDIA, MEDIA2, PTZ, TT, Call, make, nothing
from torrazzo.camera.onvif.xml import Element, plain

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CAPABILITIES = {"Device": DEVICE, "Media": MEDIA, "Events": EVENTS, "PTZ": PTZ, "Imaging": IMAGING}
_VALUES = frozenset((DEVICE, MEDIA, MEDIA2, EVENTS, PTZ, IMAGING))


class Information(NamedTuple):
    """Who made it."""

    maker: str
    model: str
    firmware: str
    serial: str
    hardware: str


def get_clock() -> Call[UtcTicks | None]:
    """What time it has; None if it doesn't say UTC. The one call that every device answers to everybody."""
    return Call(DEVICE, make(DEVICE, "GetSystemDateAndTime"), _read_clock)


def _read_clock(answer: Element) -> UtcTicks | None:
    found = answer.find("SystemDateAndTime", "UTCDateTime")
    if found is None:
        return None
    date = [found.integer("Date", name) for name in ("Year", "Month", "Day")]
    time = [found.integer("Time", name) for name in ("Hour", "Minute", "Second")]
    numbers = [number for number in date + time if number is not None]
    if len(numbers) != 6:
        return None
    year, month, day, hour, minute, second = numbers
    try:
        moment = dt.datetime(year, month, day, hour, minute, min(second, 59), tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    whole = (moment - _EPOCH) // dt.timedelta(seconds=1)
    return ticks_from_ns(whole * 10**9)


def set_clock(utc: UtcTicks) -> Call[None]:
    """Set its clock by hand; nothing of ours does so unless a person asks."""
    moment = _EPOCH + dt.timedelta(seconds=utc // SECOND)
    time = [
        make(TT, name, str(value))
        for name, value in zip(("Hour", "Minute", "Second"), moment.timetuple()[3:6], strict=True)
    ]
    date = [
        make(TT, name, str(value)) for name, value in zip(("Year", "Month", "Day"), moment.timetuple()[:3], strict=True)
    ]
    body = make(
        DEVICE,
        "SetSystemDateAndTime",
        make(DEVICE, "DateTimeType", "Manual"),
        make(DEVICE, "DaylightSavings", "false"),
        make(DEVICE, "UTCDateTime", make(TT, "Time", *time), make(TT, "Date", *date)),
    )
    return Call(DEVICE, body, nothing)


def get_information() -> Call[Information]:
    """Who made it."""
    names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
    return Call(
        DEVICE, make(DEVICE, "GetDeviceInformation"), lambda answer: Information(*(plain(answer.get(n)) for n in names))
    )


def get_services() -> Call[dict[str, str]]:
    """Namespace → address of each service that we speak to."""
    body = make(DEVICE, "GetServices", make(DEVICE, "IncludeCapability", "false"))
    return Call(DEVICE, body, _read_services)


def _read_services(answer: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in list(answer.all("Service"))[: limits.ONVIF_SERVICES]:
        namespace, address = service.get("Namespace"), service.get("XAddr")
        if namespace in _VALUES and address:
            found.setdefault(namespace, address)
    return found


def get_capabilities() -> Call[dict[str, str]]:
    """The same from devices that don't know GetServices; these never have Media2."""
    body = make(DEVICE, "GetCapabilities", make(DEVICE, "Category", "All"))
    return Call(DEVICE, body, _read_capabilities)


def _read_capabilities(answer: Element) -> dict[str, str]:
    found = {namespace: answer.get("Capabilities", name, "XAddr") for name, namespace in _CAPABILITIES.items()}
    return {namespace: address for namespace, address in found.items() if address}
