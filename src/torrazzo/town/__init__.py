# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The declared town: cameras, their streams, and the plan that the recorder follows.

Takes     what people enter.
Gives     frozen values; `plan.json` for the recorder.
Promises  no password in clear on disk; a lapsed permission stops recording even off line.
Never     talks to a camera, touches footage; the database only in registry.py.
Read      home.py, plan.py, registry.py.
"""

from torrazzo.town.box import load_box
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import Home, load_settings
from torrazzo.town.plan import Plan, load_plan

__all__ = ["Camera", "Home", "Plan", "StreamConfig", "load_box", "load_plan", "load_settings"]
