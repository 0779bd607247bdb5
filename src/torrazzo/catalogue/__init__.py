# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index: what is recorded, what is not, and where it lies. May be deleted and rebuilt.

Takes     facts with the places of their pieces, from a recorder or from the volumes.
Gives     recorded spans, gaps, segments, steps of a stream in a stretch of time.
Promises  the same content whatever the order and number of deliveries, and the same again from the volumes alone.
Never     is the only place where something is known; holds a key; has two writers.
Read      schema.py, then writer.py and reader.py.
"""

from torrazzo.catalogue.reader import Catalogue, Gap, SegmentRow
from torrazzo.catalogue.rebuild import rebuild
from torrazzo.catalogue.writer import CatalogueWriter, Delivered

__all__ = ["Catalogue", "CatalogueWriter", "Delivered", "Gap", "SegmentRow", "rebuild"]
