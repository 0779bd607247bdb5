# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Text with signatures below it: C2SP signed-note v1.0.0."""

import re
from collections.abc import Collection
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.ledger.key import SigningKey, VerifierKey, check_name
from torrazzo.ledger.text import parse_base64, shown, to_base64

MAX_BYTES = 1 << 20
MAX_SIGNATURES = 100

_ID_LENGTH = 4
_MARK = "— "  # an em dash
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signature(NamedTuple):
    """One line below the text."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {to_base64(self.key_id + self.data)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """The inverse of `str`; strict."""
        words = line.removeprefix(_MARK).split(" ")
        if not line.startswith(_MARK) or len(words) != 2:
            raise Invalid(f"signature line {shown(line)}: expected an em dash, a key's name, base64")
        data = parse_base64(words[1], f"signature line {shown(line)}")
        if len(data) <= _ID_LENGTH:
            raise Invalid(f"signature line {shown(line)}: {len(data)} bytes, expected an id of 4 and a signature")
        return cls(check_name(words[0]), data[:_ID_LENGTH], data[_ID_LENGTH:])

    def made_by(self, key: VerifierKey) -> bool:
        """Whether it claims to be this key's."""
        return (self.name, self.key_id) == (key.name, key.id)


class Note(NamedTuple):
    """Nothing of its text may be used before `signed_by` has named a key that one trusts."""

    text: str  # ends with a newline
    signatures: tuple[Signature, ...]

    def pack(self) -> bytes:
        """Text, empty line, signature lines."""
        return (self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; strict."""
        if len(data) > MAX_BYTES:
            raise Invalid(f"note: {len(data)} bytes, at most {MAX_BYTES}")
        text, gap, below = check_text(data, "note").rpartition("\n\n")
        if not gap or not below.endswith("\n"):
            raise Invalid("note: expected text, an empty line and signature lines, each with its newline; it was cut")
        lines = below[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise Invalid(f"note: {len(lines)} signatures, at most {MAX_SIGNATURES}")
        return cls(text + "\n", tuple(map(Signature.parse, lines)))

    def signed_by(self, keys: Collection[VerifierKey]) -> dict[VerifierKey, Signature]:
        """Those of the keys that signed, each with its first signature.

        A signature by no key of these is ignored; one that claims to be theirs and is not raises `Unproven`.
        """
        found: dict[VerifierKey, Signature] = {}
        for signature in self.signatures:
            known = [key for key in keys if signature.made_by(key)]
            if len(known) > 1:
                raise Invalid(f"{len(known)} of the keys given have name and id of {known[0]}; leave one")
            for key in known:
                key.verify(self.text.encode(), signature.data)
                found.setdefault(key, signature)
        return found


def sign(text: str, key: SigningKey) -> Note:
    """A note of this text with this key's signature."""
    data = text.encode(errors="surrogatepass")
    if not check_text(data, "text of a note").endswith("\n"):
        raise Invalid("text of a note: expected a newline at its end")
    return Note(text, (signature_of(key.verifier, key.sign(data)),))


def signature_of(key: VerifierKey, data: bytes) -> Signature:
    """The line that says: this is that key's signature."""
    return Signature(key.name, key.id, data)


def check_text(data: bytes, what: str) -> str:
    """UTF-8 whose only control character below U+0020 is the newline."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{what}: not UTF-8: {error}") from error
    if _CONTROL.search(text):
        raise Invalid(f"{what}: holds a control character other than newline")
    return text
