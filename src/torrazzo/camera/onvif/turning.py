# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turning a camera within its bounds (MN-04): asks where it looks, decides, and only then sends."""

from collections.abc import Awaitable, Callable

from torrazzo.base.errors import Refused
from torrazzo.camera.onvif import ptz, sectors
from torrazzo.camera.onvif.client import Client
from torrazzo.camera.onvif.errors import Fault
from torrazzo.camera.onvif.ptz import Preset
from torrazzo.camera.onvif.sectors import Pose
from torrazzo.town.bounds import Bounds

Told = Callable[[str], Awaitable[None]]


async def _nobody(_what: str) -> None:
    """Of what nobody has to be told."""


class Turning:
    """One camera that turns; the only way from ours to its motors. Methods raise `Refused` or `CameraError`."""

    def __init__(self, client: Client, profile: str, bounds: Bounds, told: Told = _nobody) -> None:
        """`told` is awaited when something is allowed, before it is sent: `move`, `preset`, `stop`."""
        self._client, self._profile, self._told = client, profile, told
        self._bounds = bounds.checked()

    async def to(self, aim: Pose) -> None:
        """Look there."""
        sectors.check_absolute(self._bounds, await self.pose(), aim)
        await self._told("move")
        await self._client.ask(ptz.absolute_move(self._profile, aim))

    async def by(self, step: Pose) -> None:
        """Turn by so much."""
        sectors.check_relative(self._bounds, await self.pose(), step)
        await self._told("move")
        await self._client.ask(ptz.relative_move(self._profile, step))

    async def turn(self, velocity: Pose, seconds: float) -> None:
        """Turn with that speed for so long."""
        call = ptz.continuous_move(self._profile, velocity, seconds)
        sectors.check_continuous(self._bounds, await self.pose(), velocity, seconds)
        await self._told("move")
        await self._client.ask(call)

    async def to_preset(self, token: str) -> None:
        """Turn to a preset; refused where the device does not say where that is."""
        found = next((preset for preset in await self.presets() if preset.token == token), None)
        if found is None or found.pose is None:
            raise Refused("MN-04: the camera does not say where this preset is, so it may be one where nobody may look")
        sectors.check_absolute(self._bounds, await self.pose(), found.pose)
        await self._told("preset")
        await self._client.ask(ptz.goto_preset(self._profile, token))

    async def stop(self) -> None:
        """Stand still; always allowed."""
        await self._told("stop")
        await self._client.ask(ptz.stop(self._profile))

    async def presets(self) -> list[Preset]:
        """Its presets."""
        return await self._client.ask(ptz.get_presets(self._profile))

    async def keep(self, name: str) -> str:
        """Remember as a preset of that name where it looks now, in the place of an earlier one; the preset's token."""
        before = next((preset.token for preset in await self.presets() if preset.name == name), "")
        return await self._client.ask(ptz.set_preset(self._profile, name, before))

    async def pose(self) -> Pose | None:
        """Where it looks; None if it does not say."""
        try:
            return await self._client.ask(ptz.get_status(self._profile))
        except Fault:
            return None
