# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The declared town: cameras, their streams, and the plan that the recorder follows.

Takes     what people enter.
Gives     frozen values; `plan.json` for the recorder.
Promises  no password in clear on disk; a lapsed permission stops recording even off line.
Never     talks to a camera, touches footage; the database only in registry.py.
Read      home.py, plan.py, registry.py.
"""

from torrazzo.town.home import Home, load_settings

__all__ = ["Home", "load_settings"]
