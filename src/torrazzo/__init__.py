# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Torrazzo: the video-surveillance system of a town."""

__version__ = "0.1.0"
