# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes a device hide what was decided (MN-02): our masks, and no others; then asks whether it has them."""

from collections.abc import Sequence

from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import media2
from torrazzo.camera.onvif.client import Client
from torrazzo.camera.onvif.describe import mask_configuration
from torrazzo.camera.onvif.errors import Fault
from torrazzo.camera.onvif.media2 import Mask, MaskOptions
from torrazzo.town import masks as town

_NEAR = 0.02  # by which a device may round a corner
_ANY = MaskOptions(town.MOST_MASKS, town.MOST_CORNERS, is_rectangle=False, kinds=())


class CannotMask(CameraError):
    """The device hides nothing over ONVIF, or not this."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "nosignal")


async def put_masks(client: Client, sensor: int, areas: Sequence[town.Mask], ours: Sequence[str]) -> tuple[str, ...]:
    """The tokens of our masks, as they are now; `ours` are those of before. Raises `CannotMask`, `CameraError`.

    New areas are there before old ones go, but where the device has no room for both.
    """
    configuration = await mask_configuration(client, sensor)
    if configuration is None:
        raise CannotMask("the camera has no masks over ONVIF (Media2)")
    try:
        there = {mask.token for mask in await client.ask(media2.get_masks(configuration))}
    except Fault as fault:
        raise CannotMask("the camera has no masks over ONVIF") from fault
    try:
        options = await client.ask(media2.get_mask_options(configuration))
    except Fault:
        options = _ANY  # it does not say: it is tried
    wanted = [_fitted(area, options, configuration) for area in areas]
    kept = [token for token in ours if token in there]
    if len(wanted) + len(there) - len(kept) > options.most:
        others = len(there) - len(kept)
        raise CannotMask(f"the camera has at most {options.most} masks, and {others} of others in it")
    tokens = []
    for at, mask in enumerate(wanted):
        if at < len(kept):
            await client.ask(media2.set_mask(mask._replace(token=kept[at])))
            tokens.append(kept[at])
        else:
            tokens.append(await client.ask(media2.create_mask(mask)))
    for token in kept[len(wanted) :]:
        await client.ask(media2.delete_mask(token))
    await _expect(client, configuration, dict(zip(tokens, wanted, strict=True)), gone=set(kept[len(wanted) :]))
    return tuple(tokens)


async def _expect(client: Client, configuration: str, wanted: dict[str, Mask], gone: set[str]) -> None:
    there = {mask.token: mask for mask in await client.ask(media2.get_masks(configuration))}
    if gone & there.keys():
        raise CannotMask("the camera keeps a mask that was taken away")
    for token, mask in wanted.items():
        found = there.get(token)
        if found is None or not found.enabled or not _is_like(found, mask):
            raise CannotMask("the camera took the masks and does not say that it has them so")


def _is_like(found: Mask, wanted: Mask) -> bool:
    if found.kind != wanted.kind or len(found.corners) != len(wanted.corners):
        return False
    pairs = zip(found.corners, wanted.corners, strict=True)
    return all(abs(a - b) <= _NEAR for one, other in pairs for a, b in zip(one, other, strict=True))


def _fitted(area: town.Mask, options: MaskOptions, configuration: str) -> Mask:
    """As the device takes it: rather more is hidden than less."""
    corners = area.corners
    if (options.is_rectangle and not _is_rectangle(corners)) or 0 < options.corners < len(corners):
        corners = _around(corners)
    if options.kinds and area.kind not in options.kinds:
        raise CannotMask(f"the camera does not hide by {area.kind}, only by {', '.join(options.kinds)}")
    return Mask("", configuration, corners, area.kind, enabled=True)


def _is_rectangle(corners: Sequence[tuple[float, float]]) -> bool:
    return len(corners) == 4 and set(corners) == set(_around(corners))


def _around(corners: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    return (left, low), (right, low), (right, high), (left, high)
