# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Volumes: sealed pieces and facts on disks, never altered.

Takes     records (ciphertext, hashes, times) from a recorder.
Gives     offsets, and the bytes back; after a crash the facts that are owed; what is damaged, by camera and time.
Promises  what was flushed survives a power cut; damage to a record loses that record only.
Never     holds a key, knows a camera's name, writes to a volume twice, removes one.
Read      volume.py, reader.py, recovery.py. Formats: docs/3-formats/volume.md, docs/3-formats/fact.md
"""

from torrazzo.archive.fact import LastFact
from torrazzo.archive.reader import VolumeReader
from torrazzo.archive.recovery import recover
from torrazzo.archive.root import Root, make_root, open_root
from torrazzo.archive.volume import VolumeWriter

__all__ = ["LastFact", "Root", "VolumeReader", "VolumeWriter", "make_root", "open_root", "recover"]
