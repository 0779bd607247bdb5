# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What coded pictures say about themselves.

Takes     NAL units of one moment, whole; parameter sets of a session description.
Gives     AccessUnit: key or not, its format, its decoding time.
Promises  pictures and SEI byte for byte; parameter sets in band at key pictures; decoding times strictly increasing.
Never     decodes; raises for what a camera sends.
Read      access_unit.py, reorder.py.
"""

from torrazzo.camera.codec import h264, h265
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.codec.bits import BadBits
from torrazzo.camera.codec.parameter_sets import ParameterSets

__all__ = ["Assembler", "BadBits", "ParameterSets", "h264", "h265"]
