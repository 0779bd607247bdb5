# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a device does not do what it was asked over ONVIF.

CameraError
  - NotOnvif   what came is no answer of ONVIF
  - Fault      the device understood, and says no
"""

from torrazzo.camera.errors import CameraError

_MISSING = frozenset(("ActionNotSupported", "OptionalActionNotImplemented", "UnknownAction", "NoSuchService"))
_STRANGERS = frozenset(("NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken"))


class NotOnvif(CameraError):
    """Bytes that are no answer, or one beyond limits.py."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "net")


class Fault(CameraError):
    """A SOAP fault: its codes from the general to the particular, without prefixes."""

    def __init__(self, codes: tuple[str, ...], reason: str) -> None:
        super().__init__(f"the device refuses: {reason or ', '.join(codes) or 'it does not say why'}", "nosignal")
        self.codes = codes
        if self.wants_sign_in:
            self.why = "auth"

    @property
    def wants_sign_in(self) -> bool:
        """It does not know us, or not that we may."""
        return not _STRANGERS.isdisjoint(self.codes)

    @property
    def is_missing(self) -> bool:
        """The device has no such operation."""
        return not _MISSING.isdisjoint(self.codes)
