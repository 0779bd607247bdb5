# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames → segments of fragmented MP4, and back to samples.

Takes     frames of one stream, in decoding order.
Gives     Opened, Fragment, Sealed; and for playback ParsedInit and ParsedSample.
Promises  the same frames give the same bytes; sample data is passed on, never copied.
Never     does IO; changes a byte of a picture.
Read      segmenter.py, fmp4.py. Format: docs/3-formats/segment.md
"""

from torrazzo.segment.parse import parse_fragment, parse_init
from torrazzo.segment.segmenter import Fragment, Opened, Sealed, Segmenter

__all__ = ["Fragment", "Opened", "Sealed", "Segmenter", "parse_fragment", "parse_init"]
