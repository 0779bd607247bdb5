# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What no file of the repository may hold: addresses of registries, one machine's paths, secrets, unfinished work."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import texts

# In two parts, so that this file passes its own test.
REGISTRIES = [
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("debian", "org/debian"), ("crates", "io"),
        ("golang", "org/"), ("maven", "org"), ("docker", "io"), ("pkg", "dev/"),
    )
]  # fmt: skip
MACHINE_PATHS = re.compile(r"(?<![\w./])/(?:work|root|opt/(?!torrazzo\b)[a-z]+|home/(?!torrazzo\b|USER\b)[a-z]+)/")
SECRETS = re.compile(
    "|".join(
        (
            "-----BEGIN [A-Z ]*PRIVATE" + " KEY-----",
            "AK" + r"IA[0-9A-Z]{16}",
            "gh" + r"[pousr]_[A-Za-z0-9]{36}",
            r"[Aa]uthorization:\s*[Bb]asic\s+[A-Za-z0-9+/]{24,}",
        )
    )
)
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|X" + r"XX)\b|raise NotImplemented" + "Error")


def _hits(pattern: re.Pattern[str], skip: tuple[str, ...] = ()) -> Iterator[str]:
    for name, text in texts():
        if not name.startswith(skip):
            for found in pattern.finditer(text):
                yield f"{name} line {text.count(chr(10), 0, found.start()) + 1}: {found[0]}"


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_registry(host: str) -> None:
    """Where packages come from is the machine's affair: no file names a registry's host."""
    assert not (found := list(_hits(re.compile(re.escape(host)), ("LICENSE",)))), found


def test_no_file_knows_one_machine() -> None:
    """No file holds an absolute path of somebody's machine."""
    assert not (found := list(_hits(MACHINE_PATHS, ("LICENSE",)))), found


def test_no_file_holds_a_secret() -> None:
    """No private key, access token or Basic credential is committed."""
    assert not (found := list(_hits(SECRETS))), found


def test_nothing_is_left_for_later_in_the_code() -> None:
    """The code holds no note to finish it later."""
    assert not (found := list(_hits(UNFINISHED, ("LICENSE", "requirements/")))), found
