# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Measurements: speed and memory as ratios to a peer in the same run. `./dev bench PART`."""
