# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier that a court runs: Python's standard library only, off line, in one file that can be copied out.

Takes     an evidence package, and keys or a policy that did not come with it.
Gives     what was checked, what could not be, what failed and where; an exit code.
Promises  nothing that is not proven passes; whose keys it trusts is said first.
Never     imports torrazzo, uses a network, writes a file.
Read      verify.py. Format: docs/3-formats/package.md
"""
