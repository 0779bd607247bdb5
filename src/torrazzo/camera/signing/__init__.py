# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera's own signatures say of its pictures (ONVIF Media Signing 26.06). Pure.

Takes     coded pictures in the order in which they are recorded; certificates to trust, if there are any.
Gives     a verdict on each GOP, when the camera's statement on it has come; the camera's certificate.
Promises  nothing is hashed for a camera that does not sign; a value it gave is never changed afterwards.
Never     covers parameter sets, other SEI or sound: cameras don't sign them; raises for what a camera sends.
Read      signing.py, then statement.py. Decision: docs/4-decisions/0006-camera-signatures.md
"""

from torrazzo.camera.signing.signer import Makers, Signer, read_makers
from torrazzo.camera.signing.signing import Signing, shows_signing
from torrazzo.camera.signing.verdict import Verdict

__all__ = ["Makers", "Signer", "Signing", "Verdict", "read_makers", "shows_signing"]
