# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turning a camera: messages (ptz.wsdl ver20). Pure. Whether it may turn is decided by sectors.py, before."""

from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.camera import limits
from torrazzo.camera.onvif.sectors import Pose
from torrazzo.camera.onvif.soap import PTZ, TT, Call, make, nothing, token_of
from torrazzo.camera.onvif.xml import Element, plain, read_number

_LONGEST = 10.0  # seconds of one continuous move: who holds the stick says so again
_POSITION = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace"
_ZOOM_POSITION = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace"


class Preset(NamedTuple):
    """A pose with a name."""

    token: str
    name: str
    pose: Pose | None  # None: the device does not say where it is


class Node(NamedTuple):
    """What a device can do; None: not in this way. Ranges are in generic spaces."""

    pan: tuple[float, float] | None  # of absolute moves
    tilt: tuple[float, float] | None
    zoom: tuple[float, float] | None
    has_relative: bool
    has_continuous: bool
    presets: int  # at most
    has_home: bool


def get_node(node: str) -> Call[Node]:
    """What it can do."""
    return Call(PTZ, make(PTZ, "GetNode", make(PTZ, "NodeToken", node)), _read_node)


def _read_node(answer: Element) -> Node:
    node = answer.find("PTZNode") or answer
    spaces = node.find("SupportedPTZSpaces") or node
    turn = _generic(spaces, "AbsolutePanTiltPositionSpace", _POSITION)
    zoom = _generic(spaces, "AbsoluteZoomPositionSpace", _ZOOM_POSITION)
    return Node(
        _range(turn, "XRange"),
        _range(turn, "YRange"),
        _range(zoom, "XRange"),
        spaces.find("RelativePanTiltTranslationSpace") is not None,
        spaces.find("ContinuousPanTiltVelocitySpace") is not None,
        max(0, node.integer("MaximumNumberOfPresets") or 0),
        node.flag("HomeSupported"),
    )


def _generic(spaces: Element, name: str, uri: str) -> Element | None:
    return next((space for space in spaces.all(name) if space.get("URI") == uri), None)


def _range(space: Element | None, axis: str) -> tuple[float, float] | None:
    if space is None:
        return None
    low, high = space.number(axis, "Min"), space.number(axis, "Max")
    return (low, high) if low is not None and high is not None and low <= high else None


def get_status(profile: str) -> Call[Pose | None]:
    """Where it looks now; None if it does not say."""
    body = make(PTZ, "GetStatus", make(PTZ, "ProfileToken", profile))
    return Call(PTZ, body, lambda answer: _read_pose(answer.find("PTZStatus", "Position")))


def _read_pose(found: Element | None) -> Pose | None:
    """A position of generic spaces; None for one of others, which our rules could not be held against."""
    turn = None if found is None else found.find("PanTilt")
    if found is None or turn is None or turn.token("space") not in {"", _POSITION}:
        return None
    pan, tilt = read_number(turn.token("x")), read_number(turn.token("y"))
    zoom = _read_zoom(found.find("Zoom"))
    if pan is None or tilt is None or zoom is None or not (-1 <= pan <= 1 and -1 <= tilt <= 1):
        return None
    return Pose(pan, tilt, zoom)


def _read_zoom(found: Element | None) -> float | None:
    """0 for a camera without zoom."""
    if found is None:
        return 0.0
    zoom = read_number(found.token("x"))
    return zoom if zoom is not None and 0 <= zoom <= 1 and found.token("space") in {"", _ZOOM_POSITION} else None


def get_presets(profile: str) -> Call[list[Preset]]:
    """Its presets; those without a token are left out."""

    def read(answer: Element) -> list[Preset]:
        found = [
            Preset(token_of(preset), plain(preset.get("Name")), _read_pose(preset.find("PTZPosition")))
            for preset in list(answer.all("Preset"))[: limits.ONVIF_ITEMS]
        ]
        return [preset for preset in found if preset.token]

    return Call(PTZ, make(PTZ, "GetPresets", make(PTZ, "ProfileToken", profile)), read)


def goto_preset(profile: str, preset: str) -> Call[None]:
    """Turn to a preset."""
    body = make(PTZ, "GotoPreset", make(PTZ, "ProfileToken", profile), make(PTZ, "PresetToken", preset))
    return Call(PTZ, body, nothing)


def set_preset(profile: str, name: str, instead_of: str = "") -> Call[str]:
    """Call the pose that it has now so; the preset's token. `instead_of`: the token of one that this replaces."""
    known = [make(PTZ, "PresetToken", instead_of)] if instead_of else []
    body = make(PTZ, "SetPreset", make(PTZ, "ProfileToken", profile), make(PTZ, "PresetName", name), *known)
    return Call(PTZ, body, lambda answer: token_of(answer, "PresetToken"))


def remove_preset(profile: str, preset: str) -> Call[None]:
    """Forget a preset."""
    body = make(PTZ, "RemovePreset", make(PTZ, "ProfileToken", profile), make(PTZ, "PresetToken", preset))
    return Call(PTZ, body, nothing)


def absolute_move(profile: str, aim: Pose) -> Call[None]:
    """Turn to there."""
    return _move("AbsoluteMove", "Position", profile, aim)


def relative_move(profile: str, step: Pose) -> Call[None]:
    """Turn by so much."""
    return _move("RelativeMove", "Translation", profile, step)


def continuous_move(profile: str, velocity: Pose, seconds: float) -> Call[None]:
    """Turn with that speed (from -1 to 1) for so long, or until it is stopped."""
    if not (0 < seconds <= _LONGEST and all(-1 <= part <= 1 for part in velocity)):
        raise Invalid(f"a camera turns for at most {_LONGEST:.0f} s at a time, with speeds from -1 to 1")
    return _move("ContinuousMove", "Velocity", profile, velocity, make(PTZ, "Timeout", f"PT{seconds:.3f}S"))


def stop(profile: str) -> Call[None]:
    """Stand still."""
    body = make(
        PTZ, "Stop", make(PTZ, "ProfileToken", profile), make(PTZ, "PanTilt", "true"), make(PTZ, "Zoom", "true")
    )
    return Call(PTZ, body, nothing)


def _move(name: str, what: str, profile: str, pose: Pose, *more: Element) -> Call[None]:
    turn = make(TT, "PanTilt", x=f"{pose.pan:.6f}", y=f"{pose.tilt:.6f}")
    zoom = make(TT, "Zoom", x=f"{pose.zoom:.6f}")
    body = make(PTZ, name, make(PTZ, "ProfileToken", profile), make(PTZ, what, turn, zoom), *more)
    return Call(PTZ, body, nothing)
