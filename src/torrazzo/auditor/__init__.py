# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second office's eye on every entry of the logs: mirrored, held against rules, cosigned only while they hold.

Takes     heads and entries of a town's two logs as the ledger shows them (C2SP tlog-tiles), its own clock.
Gives     Finding: what does not hold, with camera and time; a mirror of all entries; cosignatures, as a witness's.
Promises  a finding is on disk before the next head is cosigned, and stays until people settle it; a crash loses none.
Never     sees a picture or a name, writes to the town, forgives by itself.
Read      rec_rules.py, act_rules.py; then audit.py. Operation: docs/1-operate/second-office.md
"""

from torrazzo.auditor.audit import Auditor
from torrazzo.auditor.finding import RULES, Finding
from torrazzo.auditor.process import run_auditor
from torrazzo.auditor.settings import AuditorSettings

__all__ = ["RULES", "Auditor", "AuditorSettings", "Finding", "run_auditor"]
