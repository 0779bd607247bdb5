# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the keyring answers, as JSON over HTTP (docs/3-formats/act.md, section Asking the keyring)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from torrazzo.base.errors import Damaged, Invalid, KeyGone, Refused, TorrazzoError, Unavailable
from torrazzo.keyring.document import (
    Object,
    base64_text,
    compact,
    expect_bytes,
    expect_names,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.heads import Heads

ANSWER_LIMIT = 1 << 20

_KINDS: Mapping[str, type[TorrazzoError]] = {
    "invalid": Invalid,
    "gone": KeyGone,
    "refused": Refused,
    "damaged": Damaged,
    "unavailable": Unavailable,
}


class Denied(Refused):
    """The gate gave no keys, and booked it; with `Reason.HEAD_STALE`, ask anew from the head in the status."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """As an error."""
        is_told = not refusal.asked or refusal.text.startswith(refusal.asked)
        return cls.because(refusal.reason, refusal.text if is_told else f"{refusal.asked}: {refusal.text}")

    @classmethod
    def because(cls, reason: Reason, text: str) -> Self:
        """Of the class that goes with the reason."""
        found = (TooOld if reason == Reason.CONTENT else Denied)(reason, text)
        assert isinstance(found, cls)
        return found


class TooOld(Denied, KeyGone):
    """Older than its class may be: whoever wants more than that goes on without it."""


class Status(NamedTuple):
    """What the running keyring says of itself."""

    heads: Heads  # the largest it has seen: what is shown next goes on from these
    level: str  # tpm, file
    alarms: tuple[str, ...]  # in words; none: all is well
    values: Object  # everything, as in the JSON

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The body of the answer to `GET /status`; names that are not known pass."""
        found = parse_object(data, "status", ANSWER_LIMIT)
        alarms = found.get("alarms")
        if not isinstance(alarms, list):
            raise Invalid("status: no list of alarms")
        heads = Heads.parse(compact(expect_object(found.get("heads"), "status")))
        level = expect_text(found.get("level"), "level")
        return cls(heads, level, tuple(expect_text(alarm, "alarm") for alarm in alarms), found)


def answer_text(keys: Mapping[int, bytes]) -> bytes:
    """The body of the answer."""
    return compact({"keys": {str(n): base64_text(key) for n, key in keys.items()}})


def parse_answer(data: bytes, ns: Sequence[int]) -> dict[int, bytes]:
    """The keys of exactly these segments; raises `Invalid` for anything else."""
    found = parse_object(data, "answer", ANSWER_LIMIT)
    expect_names(found, {"keys"}, "answer")
    keys = expect_object(found["keys"], "keys")
    expect_names(keys, {str(n) for n in ns}, "keys")
    return {n: expect_bytes(keys[str(n)], 32, f"key {n}") for n in ns}


def error_text(error: TorrazzoError) -> bytes:
    """An error as the body of an answer."""
    kind = next((kind for kind, class_ in _KINDS.items() if isinstance(error, class_)), "unavailable")
    told: dict[str, object] = {"kind": kind, "text": str(error)}
    if isinstance(error, Denied):
        told |= {"kind": "refused", "reason": str(error.reason)}
    elif isinstance(error, KeyGone):
        told["reason"] = error.why
    return compact({"error": told})


def parse_error(data: bytes) -> TorrazzoError:
    """The error that an answer carries."""
    found = parse_object(data, "answer", ANSWER_LIMIT)
    expect_names(found, {"error"}, "answer")
    error = expect_object(found["error"], "error")
    expect_names(error, {"kind", "text"} | ({"reason"} & set(error)), "error")
    kind, text = expect_text(error["kind"], "kind"), f"keyring: {expect_text(error['text'], 'text')}"
    if error["kind"] == "gone":
        return KeyGone(text, expect_text(error.get("reason"), "reason"))
    if "reason" in error:
        try:
            return Denied.because(Reason(expect_text(error["reason"], "reason")), text)
        except ValueError:
            return Refused(text)  # a reason of a later version
    return _KINDS.get(kind, Unavailable)(text)
