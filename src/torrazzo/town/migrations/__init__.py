# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Steps by which `office.db` grows; run by registry.py when it is opened for writing, never by hand."""
