# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one person may not change of a camera, whoever it is and by whatever way: two decide it (LB-01, RT-01, MN-04).

A real camera that waits is free: what was said of it is confirmed by two when it is activated.
"""

from torrazzo.law.decision import Decision, no, yes
from torrazzo.town.bounds import Bounds
from torrazzo.town.camera import Camera


def waits(camera: Camera) -> bool:
    """Whether it shows a real place and is not recorded: it has to be activated first."""
    return not (camera.enabled or camera.synthetic)


def alone(before: Camera, after: Camera) -> Decision:
    """Whether one person may make of the one what the other is."""
    if before.synthetic != after.synthetic:  # said when it was added
        return no("CAMERA_NOT_LAWFUL", "LB-01")
    if waits(before) and after.enabled:
        return no("CAMERA_NOT_LAWFUL", "LB-01")
    if waits(before):
        return yes("LB-01")
    if before.retention_hours != after.retention_hours:
        return no("RETENTION_BY_TWO", "RT-01")
    if not before.synthetic and not (after.bounds or Bounds()).is_within(before.bounds or Bounds()):
        return no("SECTORS_BY_TWO", "MN-04")
    return yes("AC-02")
