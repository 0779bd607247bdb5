# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import json
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from tests.tools.by_hand import extract, run_readme
from tests.tools.tampering import CLIP_A, Original, facts_of, make_original, rows_of
from torrazzo_verify.verify import TEXTS


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras."""
    return make_original(tmp_path_factory.mktemp("original"))


@pytest.mark.parametrize("readme", ["README.txt", "LEGGIMI.txt"])
def test_the_commands_of_the_readme_verify_by_hand(readme: str, original: Original, tmp_path: Path) -> None:
    """openssl, sha256sum, head, tail, cat and base64 lead from the clip to the signed root, as the text says."""
    extract(original.files, tmp_path)
    log, witness, piece, segment, root, signed = run_readme(tmp_path, readme)
    assert (log, witness) == ("Signature Verified Successfully",) * 2
    row = next(row for row in rows_of(original.files, CLIP_A) if row[1] != "0" and row[2] != "-")
    assert piece == row[5]
    assert segment == json.loads(facts_of(original.files, CLIP_A)[int(row[0]) - 1][1])["h"]
    assert root == signed == original.files["rec.checkpoint"].decode().splitlines()[2]


def test_by_hand_a_changed_video_gives_another_hash(original: Original, tmp_path: Path) -> None:
    """One bit of the fragment that the text names, and its command no longer answers what it should."""
    extract(original.files, tmp_path)
    row = next(row for row in rows_of(original.files, CLIP_A) if row[1] != "0" and row[2] != "-")
    clip = tmp_path / "clips" / f"{CLIP_A}.mp4"
    data = bytearray(clip.read_bytes())
    data[int(row[2]) + 200] ^= 1
    clip.write_bytes(data)
    with pytest.raises(subprocess.CalledProcessError):  # the list of digests says so first
        run_readme(tmp_path, "README.txt")


def test_nobody_is_said_to_check_that_nobody_looked(original: Original) -> None:
    """What no log can show is told as a limit, in both languages, by the package and by both verifiers."""
    texts = [original.files[name].decode() for name in ("README.txt", "LEGGIMI.txt")]
    page = resources.files("torrazzo_verify").joinpath("verify.html").read_text("utf-8")
    for text in [*texts, *TEXTS["limit-access"], page]:
        assert "second office checks that" not in text
        assert "lo controlla il secondo ufficio" not in text
    english, italian = texts
    assert "no log can show that" in english
    assert "nessun registro lo può mostrare" in italian
    assert json.dumps(list(TEXTS["limit-access"]), ensure_ascii=False) in page
