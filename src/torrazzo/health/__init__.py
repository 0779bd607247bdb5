# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with the town now becomes one queue of alarms, of which people take notice.

Takes     findings of a judge, every few seconds; who takes notice of an alarm, with a note; `office.db`.
Gives     Alarm: new, acknowledged, over; how often it came back, what was said of it, who handed it over to whom.
Promises  nothing repeats itself to death: what comes and goes is one alarm, what was acknowledged is silent until it
          becomes another kind of thing or more urgent, what falls silent together is one alarm with many places.
Never     looks for itself; forgets an open alarm at a restart; keeps old ones without end.
Read      finding.py, then queue.py, which is pure, then alarms.py. Design: docs/4-decisions/0031-alarms.md
"""

from torrazzo.health.alarms import Alarms
from torrazzo.health.finding import ANYWHERE, Finding, Judged
from torrazzo.health.queue import Alarm, Member

__all__ = ["ANYWHERE", "Alarm", "Alarms", "Finding", "Judged", "Member"]
