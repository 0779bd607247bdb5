# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packages with one thing in them that is another, a few of each kind; bytes of all headers, one by one."""

import io
import json

import pytest

from tests.tamper.mutants import Parts, is_accepted, mutants
from tests.tools.dossier import pack
from tests.tools.tampering import CLIP_A, A, Original, flipped, make_original, with_head
from torrazzo_verify.verify import FAILED, Finding, Header, Malformed, Package, parse_policy, verify_file


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras; untouched."""
    return make_original(tmp_path_factory.mktemp("original"))


def test_a_mutant_is_refused_or_nothing_rests_on_what_is_another_in_it(original: Original) -> None:
    """Of four mutants of each kind the verifier accepts only such as change what no check rests on."""
    policy = parse_policy((original.folder / "policy.txt").read_bytes())
    for mutant in mutants(Parts.of(original.path.read_bytes(), original.files), seed=26, count=84):
        found: list[Finding] = []
        code = verify_file(io.BytesIO(mutant.data), policy, found.append)
        assert code in {0, 1, 2}
        assert code or is_accepted(mutant), (mutant.kind, mutant.where, found)
        assert (code == 0) is not any(finding.level == FAILED for finding in found)


def test_no_byte_of_a_zip_header_is_free(original: Original) -> None:
    """Another byte in the headers of the first, a middle or the last entry, or in the end, is refused."""
    parts = Parts.of(original.path.read_bytes(), original.files)
    ranges = [range(len(parts.whole) - 22, len(parts.whole))]
    for record in (parts.records[0], parts.records[7], parts.records[-1]):
        ranges += [range(record.local, record.begin), range(record.central, record.central_end)]
    for at in (at for each in ranges for at in each):
        with pytest.raises(Malformed):
            Package(io.BytesIO(flipped(parts.whole, at)))


def test_a_clips_header_says_nothing_of_its_own(original: Original) -> None:
    """Its brands, dates, names and languages are those of the format: each other byte is refused."""
    video, rows = original.files[f"clips/{CLIP_A}.mp4"], original.files[f"pieces/{CLIP_A}.txt"].decode().split("\n")
    clip = json.loads(original.files["manifest.json"])["clips"][0]
    row = next(row.split(" ") for row in rows if row.split(" ")[1:2] == ["0"] and row.split(" ")[2] != "-")
    init, head = video[int(row[2]) :][: int(row[3])], video[: clip["head_length"]]
    whole = Header(head, init, len(video), clip["from"])
    texts = [range(32)]
    for kind, size in ((b"mvhd", 108), (b"tkhd", 92), (b"mdhd", 32), (b"hdlr", 38), (b"vmhd", 20), (b"dinf", 36)):
        at = head.index(kind) - 4
        assert int.from_bytes(head[at : at + 4], "big") == size
        texts.append(range(at, at + size))
    for at in (at for each in texts for at in each):
        try:
            found = Header(flipped(head, at), init, len(video), clip["from"])
        except Malformed:
            continue
        assert found.media != whole.media  # which is compared with the tables when all pictures are


def test_a_clip_with_another_date_is_refused(original: Original) -> None:
    """A day that a player would show as that of the recording is a failure of that camera."""
    video = original.files[f"clips/{CLIP_A}.mp4"]
    changed = with_head(original.files, CLIP_A, flipped(video, video.index(b"mvhd") + 9))
    found: list[Finding] = []
    assert verify_file(io.BytesIO(pack(changed)), None, found.append) == 1
    assert [(each.code, each.camera) for each in found if each.level == FAILED] == [("show-unreadable", A)]
