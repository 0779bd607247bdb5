# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""age around what flows by."""

import io
from typing import BinaryIO

import pyrage
import pytest

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.durable.age import decrypted, encrypt, parse_identities, parse_recipient

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


def _much(pipe: BinaryIO) -> None:
    pipe.writelines(bytes(1 << 16) for _ in range(64))


def test_what_was_written_comes_back() -> None:
    """To its recipient alone."""
    sealed = io.BytesIO()
    encrypt(_much, sealed, [RECIPIENT])
    with decrypted(io.BytesIO(sealed.getvalue()), str(IDENTITY)) as inner:
        assert inner.read() == bytes(64 << 16)
    with (
        pytest.raises(Refused),
        decrypted(io.BytesIO(sealed.getvalue()), str(pyrage.x25519.Identity.generate())) as inner,
    ):
        inner.read()


@pytest.mark.parametrize("error", [KeyError("cancelled"), Unavailable("the archive is away"), OSError(5, "I/O")])
def test_what_is_cut_short_is_no_success(error: Exception) -> None:
    """Whatever ends who writes ends who encrypts: what lies there would look whole."""

    def write(pipe: BinaryIO) -> None:
        pipe.write(bytes(1 << 20))
        raise error

    with pytest.raises(type(error)):
        encrypt(write, io.BytesIO(), [RECIPIENT])


@pytest.mark.parametrize("error", [ValueError("closed"), Unavailable("disk away"), OSError(28, "No space left")])
def test_a_sink_that_fails_says_why(error: Exception) -> None:
    """Its own error, not one of a library that nobody above knows."""

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise error

    with pytest.raises(type(error)):
        encrypt(_much, Full(), [RECIPIENT])


def test_keys_of_another_kind_are_refused() -> None:
    """Before anything is written."""
    with pytest.raises(Invalid, match="age1"):
        encrypt(_much, io.BytesIO(), ["age1nobody"])


@pytest.mark.parametrize("text", ["age1\ud800", "ssh-ed25519 \ud800", "age1", "ssh-", ""])
def test_what_is_no_key_is_told(text: str) -> None:
    """Also a text that JSON has and UTF-8 has not."""
    with pytest.raises(Invalid):
        parse_recipient(text)
    with pytest.raises(Invalid):
        parse_identities(text)
