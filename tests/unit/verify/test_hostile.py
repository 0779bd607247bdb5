# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packages broken at random: the verifier ends each time with a verdict, never with an error of its own."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.tools.dossier import files_of, pack
from tests.tools.tampering import CLIP_A, Original, make_original, rows_of, with_head, with_rows
from torrazzo_verify.verify import FAILED, Finding, Malformed, parse_json, parse_policy, verify

VALUES = [None, 0, -1, 2, 2**53, 2**63, 10**30, 1.5, "", "x", [], {}, True, [1], {"a": 1}, "-", "AAAA"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras."""
    return make_original(tmp_path_factory.mktemp("original"))


def run(original: Original, data: bytes) -> tuple[int, list[Finding]]:
    """Under the published keys."""
    path = original.folder / "broken.asice"
    path.write_bytes(data)
    found: list[Finding] = []
    policy = parse_policy((original.folder / "policy.txt").read_bytes())
    return verify(str(path), policy, found.append), found


def _other(value: Any, dice: random.Random) -> Any:
    """The value with one thing in it that is another."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(list(value))
        if dice.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: _other(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        return [*value[:at], _other(value[at], dice), *value[at + 1 :]]
    return dice.choice(VALUES)


def test_one_bit_anywhere_is_found_or_says_nothing(original: Original) -> None:
    """Of each flipped bit of the file it is told that something failed, unless what is in the files is the same."""
    dice = random.Random(1)
    whole = original.path.read_bytes()
    for _ in range(100):
        at = dice.randrange(len(whole))
        code, _ = run(original, whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        assert code in {1, 2} or files_of(original.folder / "broken.asice") == original.files


def test_texts_of_any_content_end_with_a_verdict(original: Original) -> None:
    """Whatever stands in the JSON and in the rows, digests made to fit: a verdict, and a failure is named."""
    dice = random.Random(2)
    names = ["manifest.json", "openings.jsonl", "history.jsonl", f"facts/{CLIP_A}.jsonl"]
    for _ in range(80):
        name = dice.choice(names)
        lines = original.files[name].splitlines() if name.endswith("l") else [original.files[name]]
        at = dice.randrange(len(lines))
        lines[at] = json.dumps(_other(json.loads(lines[at]), dice), separators=(",", ":")).encode()
        broken = b"".join(line + b"\n" for line in lines)
        if broken == original.files[name]:
            continue
        code, found = run(original, pack(original.files | {name: broken}))
        assert code in {0, 1, 2}
        assert (code == 0) is not any(finding.level == FAILED for finding in found)
        assert code != 0 or name == "manifest.json"  # of which parts are only said


def test_rows_and_tables_of_any_content_end_with_a_verdict(original: Original) -> None:
    """Pieces with other numbers, clip headers with other bytes: a verdict, in little time and memory."""
    dice = random.Random(3)
    video = original.files[f"clips/{CLIP_A}.mp4"]
    head = json.loads(original.files["manifest.json"])["clips"][0]["head_length"]
    for _ in range(30):
        rows = rows_of(original.files, CLIP_A)
        rows[dice.randrange(len(rows))][dice.randrange(6)] = dice.choice(["-", "0", "7", "99999999999", "x", "AAAA"])
        code, _ = run(original, pack(with_rows(original.files, CLIP_A, rows)))
        assert code == (1 if rows != rows_of(original.files, CLIP_A) else 0)
        changed = bytearray(video)
        for _ in range(dice.randrange(1, 4)):
            changed[dice.randrange(head)] = dice.choice([0, 1, 255])
        code, _ = run(original, pack(with_head(original.files, CLIP_A, bytes(changed))))
        assert code in {0, 1}


def test_a_piece_larger_than_memory_is_not_read(original: Original, tmp_path: Path) -> None:
    """A row that claims a huge piece costs nothing."""
    rows = rows_of(original.files, CLIP_A)
    row = next(row for row in rows if row[2] != "-")
    row[3] = str(2**40)
    code, found = run(original, pack(with_rows(original.files, CLIP_A, rows)))
    assert code == 1
    assert "piece-differs" in {finding.code for finding in found}


@pytest.mark.parametrize("text", [b'{"n":1,"n":2}', b'{"a":[{"n":1,"n":1}]}'])
def test_a_name_that_stands_twice_is_no_json(text: bytes) -> None:
    """One reader takes the first, another the last: neither may be what was signed."""
    with pytest.raises(Malformed, match="twice"):
        parse_json(text)
