# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.public import (
    KeyName,
    hours_left,
    load_public_keys,
    parse_public_keys,
    public_keys_text,
)

KEY = bytes(range(152)) * 8
NAMES = st.builds(
    KeyName, st.integers(0, 24 * 365 * 8_000), st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=16)
)


@given(NAMES)
def test_a_key_name_reads_as_it_is_written(name: KeyName) -> None:
    """Text form and name are each other's inverse, for all hours and classes."""
    assert KeyName.parse(str(name)) == name


@pytest.mark.parametrize(
    "text", ["", "2026112422", "2026112424/a", "2026130101/a", "202611242/a", "2026112422/A", "2026112422/a\n",
             "\u06622026112422/a", "2026112422/", "2026112422/aaaaaaaaaaaaaaaaa"]
)  # fmt: skip
def test_other_texts_are_no_key_names(text: str) -> None:
    """Hours that don't exist, foreign digits, capitals and line feeds are refused."""
    with pytest.raises(Invalid):
        KeyName.parse(text)


def test_public_keys_read_as_they_are_written(tmp_path: Path) -> None:
    """The file gives back each key under its name."""
    keys = {KeyName(3, "standard"): KEY, KeyName(4, "short"): KEY[::-1]}
    path = tmp_path / "public-keys.json"
    path.write_bytes(public_keys_text(keys))
    assert load_public_keys(path) == keys
    assert (3, "standard") in load_public_keys(path)  # a plain pair finds it too


def test_no_file_is_not_yet_and_a_broken_one_is_damage(tmp_path: Path) -> None:
    """Before the keyring's first start the recorder waits; a file that can't be understood is reported as such."""
    path = tmp_path / "public-keys.json"
    with pytest.raises(Unavailable, match=r"public-keys\.json"):
        load_public_keys(path)
    path.write_bytes(public_keys_text({KeyName(3, "standard"): KEY})[:-1])
    with pytest.raises(Damaged, match=r"public-keys\.json"):
        load_public_keys(path)


def test_a_key_of_another_length_is_refused() -> None:
    """A public key has 1,216 bytes."""
    with pytest.raises(Invalid, match="1216"):
        parse_public_keys(public_keys_text({KeyName(3, "standard"): KEY[:-1]}))


def test_hours_left_counts_to_the_first_hole() -> None:
    """Whole hours from now to the end of the last hour before a missing one, of that class alone."""
    keys = {KeyName(hour, "standard"): KEY for hour in (10, 11, 12, 14)} | {KeyName(20, "short"): KEY}
    now = UtcTicks(10 * HOUR)
    assert hours_left(keys, now) == 3
    assert hours_left(keys, UtcTicks(now + 1)) == 2
    assert hours_left(keys, UtcTicks(12 * HOUR + HOUR - SECOND)) == 0
    assert hours_left(keys, UtcTicks(13 * HOUR)) == 0
    assert hours_left(keys, now, "short") == 0
    assert hours_left({}, now) == 0
