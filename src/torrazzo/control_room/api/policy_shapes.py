# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/policy.ts, which tells what is not seen
"""What two decide about a camera that records: how long it keeps (RT-01), where it may look (MN-04)."""

from torrazzo.control_room.api.cameras_shapes import Hours
from torrazzo.control_room.api.sectors_shapes import BoundsKept, BoundsSaid
from torrazzo.control_room.api.shapes import Asks, Gives, ProposalOfCamera, Text


class RetentionWanted(Asks):
    hours: Hours
    reason: Text


class SectorsWanted(Asks):
    bounds: BoundsSaid
    reason: Text


class PolicyAnswer(Asks):
    reason: Text


class RetentionProposal(ProposalOfCamera):
    hours: int


class SectorsProposal(ProposalOfCamera):
    bounds: BoundsKept


class CameraPolicy(Gives):
    """`waits`: it is not recorded, and what is said of it is confirmed when it is activated."""

    camera: str
    waits: bool
    hours: int
    hours_proposal: RetentionProposal | None
    bounds: BoundsKept
    bounds_proposal: SectorsProposal | None
