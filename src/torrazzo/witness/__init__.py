# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second office's signature below the heads of logs that only grow, with its own time (C2SP tlog-witness).

Takes     signed heads of the logs it knows, over HTTP, and how each goes on from the one before.
Gives     Witness: cosignatures; the last head of each log; heads that contradict each other, kept as evidence.
Promises  of a log it signs one head of each size, never a smaller one, across crashes; what it signs is on disk before.
Never     reads an entry, asks the log, trusts another clock than its own.
Read      cosigner.py, then heads.py. Operation: docs/1-operate/second-office.md
"""

from torrazzo.witness.cosigner import Refusal, Witness
from torrazzo.witness.process import run_witness
from torrazzo.witness.settings import WitnessHome, WitnessSettings

__all__ = ["Refusal", "Witness", "WitnessHome", "WitnessSettings", "run_witness"]
