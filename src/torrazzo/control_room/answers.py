# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors as they travel over the socket: `{"error":{"kind":"Refused","text":"…"}}` and a status."""

from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, TorrazzoError, Unavailable
from torrazzo.town.camera import UnknownCamera

# The most particular first.
_KINDS: tuple[tuple[type[TorrazzoError], int], ...] = (
    (UnknownCamera, 404),
    (Invalid, 400),
    (Refused, 409),
    (Unavailable, 503),
    (Damaged, 500),
    (Stopped, 500),
    (TorrazzoError, 500),
)


def error_status(error: TorrazzoError) -> int:
    """The HTTP status that fits."""
    return next(status for kind, status in _KINDS if isinstance(error, kind))


def error_body(error: TorrazzoError) -> dict[str, object]:
    """The body that `parse_error` reads."""
    kind = next(kind for kind, _ in _KINDS if isinstance(error, kind))
    return {"error": {"kind": kind.__name__, "text": str(error)}}


def failure_body() -> dict[str, object]:
    """For an error that nobody thought of: what it says is for our log, and may be of somebody else's."""
    return {"error": {"kind": "TorrazzoError", "text": "something failed in the control room; its log says what"}}


def parse_error(body: object, status: int) -> TorrazzoError:
    """The error that the other side raised, of the same kind."""
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return Unavailable(f"the control room answered {status}; see what `torrazzo serve` printed")
    kinds = {kind.__name__: kind for kind, _ in _KINDS}
    return kinds.get(str(found.get("kind")), TorrazzoError)(str(found.get("text")))
