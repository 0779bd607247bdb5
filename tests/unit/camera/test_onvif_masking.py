# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""MN-02: a device hides what was decided, and is believed only once it says so itself."""

import asyncio
from collections.abc import Sequence

import pytest

from torrazzo.base.clock import SystemClock
from torrazzo.camera.onvif import Client
from torrazzo.camera.onvif.masking import CannotMask, put_masks
from torrazzo.testing.onvif import FakeOnvif, Traits
from torrazzo.town.masks import Mask

DOOR = Mask(((-0.5, -0.5), (-0.2, -0.5), (-0.2, 0.1), (-0.5, 0.1)))
GABLE = Mask(((0.1, 0.1), (0.5, 0.1), (0.3, 0.6)))


def put(fake: FakeOnvif, areas: Sequence[Mask], ours: Sequence[str] = ()) -> tuple[str, ...]:
    async def talk() -> tuple[str, ...]:
        client = Client(fake.where, None, None, SystemClock())
        await client.open()
        return await put_masks(client, 1, areas, ours)

    return asyncio.run(talk())


def corners(fake: FakeOnvif, token: str) -> list[tuple[float, float]]:
    polygon = fake.masks[token].find("Polygon")
    assert polygon is not None
    return [(float(point.token("x")), float(point.token("y"))) for point in polygon.all("Point")]


def test_areas_are_made_changed_and_taken_away() -> None:
    """Ours alone: a mask of somebody else's stays; what is gone in the device is made anew."""
    with FakeOnvif().running() as fake:
        other = put(fake, [DOOR])[0]
        ours = put(fake, [DOOR, GABLE])
        assert set(fake.masks) == {other, *ours}
        assert corners(fake, ours[1]) == list(GABLE.corners)
        assert put(fake, [GABLE], ours) == ours[:1]
        assert corners(fake, ours[0]) == list(GABLE.corners)
        assert set(fake.masks) == {other, ours[0]}
        del fake.masks[ours[0]]
        again = put(fake, [DOOR], ours[:1])
        assert again != ours[:1]
        assert put(fake, [], again) == ()
        assert set(fake.masks) == {other}


def test_what_it_cannot_draw_is_hidden_by_more() -> None:
    """A device of rectangles, or of few corners, hides the rectangle around a polygon."""
    for traits in (Traits(has_rectangles_only=True), Traits(mask_corners=4)):
        many = Mask(((0.0, 0.0), (0.4, 0.0), (0.5, 0.2), (0.4, 0.4), (0.0, 0.4)))
        with FakeOnvif(traits).running() as fake:
            door, around = put(fake, [DOOR, many])
            assert corners(fake, door) == list(DOOR.corners)
            assert corners(fake, around) == [(0.0, 0.0), (0.5, 0.0), (0.5, 0.4), (0.0, 0.4)]


@pytest.mark.parametrize(
    ("traits", "why"),
    [
        (Traits(has_masks=False), "no masks"),
        (Traits(has_media2=False), "no masks"),
        (Traits(masks_most=1), "at most 1"),
        (Traits(mask_kinds=("Blurred",)), "only by Blurred"),
        (Traits(keeps_masks=False), "does not say that it has them"),
    ],
)
def test_what_it_cannot_is_said(traits: Traits, why: str) -> None:
    """No masks, no room, another kind, or a device that says yes and does nothing: each is told, and none believed."""
    with FakeOnvif(traits).running() as fake, pytest.raises(CannotMask, match=why):
        put(fake, [DOOR, GABLE])
