# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a sensor sees: brightness and the like (imaging.wsdl ver20). Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.camera.onvif.soap import IMAGING, TT, Call, make, nothing
from torrazzo.camera.onvif.xml import Element, plain

VALUES = ("Brightness", "ColorSaturation", "Contrast", "Sharpness")


class Picture(NamedTuple):
    """What is set; values that the device does not know are absent."""

    values: dict[str, float]
    ir_cut: str  # ON, OFF, AUTO; empty if there is no filter


def get_settings(sensor: str) -> Call[Picture]:
    """What is set."""
    return Call(IMAGING, make(IMAGING, "GetImagingSettings", make(IMAGING, "VideoSourceToken", sensor)), _read)


def _read(answer: Element) -> Picture:
    found = answer.find("ImagingSettings") or answer
    values = {name: value for name in VALUES if (value := found.number(name)) is not None}
    return Picture(values, plain(found.get("IrCutFilter"), 16))


def get_options(sensor: str) -> Call[dict[str, tuple[float, float]]]:
    """What can be set, and from where to where."""

    def read(answer: Element) -> dict[str, tuple[float, float]]:
        found = answer.find("ImagingOptions") or answer
        ranges = {}
        for name in VALUES:
            low, high = found.number(name, "Min"), found.number(name, "Max")
            if low is not None and high is not None and low <= high:
                ranges[name] = (low, high)
        return ranges

    return Call(IMAGING, make(IMAGING, "GetOptions", make(IMAGING, "VideoSourceToken", sensor)), read)


def set_settings(sensor: str, values: Mapping[str, float], ir_cut: str = "") -> Call[None]:
    """Set what is given, in the order of the schema; nothing else changes. It stays so after a restart."""
    if unknown := set(values) - set(VALUES):
        raise Invalid(f"a sensor has no {', '.join(sorted(unknown))}; there are {', '.join(VALUES)}")
    if ir_cut not in {"", "ON", "OFF", "AUTO"}:
        raise Invalid("an infrared filter is ON, OFF or AUTO")
    inside = [make(TT, name, f"{values[name]:g}") for name in VALUES[:3] if name in values]
    inside += [make(TT, "IrCutFilter", ir_cut)] if ir_cut else []
    inside += [make(TT, name, f"{values[name]:g}") for name in VALUES[3:] if name in values]
    body = make(
        IMAGING,
        "SetImagingSettings",
        make(IMAGING, "VideoSourceToken", sensor),
        make(IMAGING, "ImagingSettings", *inside),
        make(IMAGING, "ForcePersistence", "true"),
    )
    return Call(IMAGING, body, nothing)
