# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was recorded, as a file that convinces a stranger.

Takes     what was asked for and approved; the catalogue, the volumes, segment keys, the ledger; a policy.
Gives     the evidence package, byte by byte.
Promises  whoever has the package and two published keys can check it without us; the same pictures give the same bytes.
Never     decides who may have what; keeps a clip on a disk but inside its package.
Read      gather.py, package.py, asic.py. Format: docs/3-formats/package.md
"""

from torrazzo.evidence.asic import measure
from torrazzo.evidence.clip import PieceHash, Proven, clip_part
from torrazzo.evidence.package import Opening, PackageParts, write_package

__all__ = ["Opening", "PackageParts", "PieceHash", "Proven", "clip_part", "measure", "write_package"]
