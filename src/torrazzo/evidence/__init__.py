# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was recorded, as a file that convinces a stranger.

Takes     a planned clip and its file, facts with their proofs, hashes and salts, heads, a policy, anchors, the history.
Gives     the evidence package, byte by byte.
Promises  whoever has the package and two published keys can check it without us; equal values give equal bytes.
Never     reads a file, a clock or a key; decides who may have what.
Read      package.py, then asic.py. Format: docs/3-formats/package.md
"""

from torrazzo.evidence.asic import measure
from torrazzo.evidence.clip import PieceHash, Proven, clip_part
from torrazzo.evidence.package import Opening, PackageParts, write_package

__all__ = ["Opening", "PackageParts", "PieceHash", "Proven", "clip_part", "measure", "write_package"]
