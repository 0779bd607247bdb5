# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is recorded is used for what its camera's file declares, or for what holds of all (LB-03); whoever asks."""

from collections.abc import Iterable

from torrazzo.law.decision import Decision
from torrazzo.law.reason import check_declared
from torrazzo.town.camera import Camera


def declared_use(cameras: Iterable[Camera], purpose: str | None) -> Decision:
    """Of all these cameras; what a synthetic one shows is no real place."""
    files = [camera.file for camera in cameras if not camera.synthetic]
    return check_declared(purpose, [file.purpose for file in files if file is not None])
