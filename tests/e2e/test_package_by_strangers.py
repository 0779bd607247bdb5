# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A package of an archive, as strangers see it: Python alone, a browser, a shell, players.

Two cameras in the night in which 03:00 becomes 02:00, the change of the clock lying in one camera's gap.
"""

import bisect
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import torrazzo_verify
from tests.tools.archived import POLICY, Filmed, archived
from tests.tools.browser import open_browser, open_player, patient
from tests.tools.by_hand import extract, run_readme
from tests.tools.dossier import files_of
from tests.tools.mp4check import duration, packets
from tests.tools.recording import Recording, shoot_two_sizes
from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback import VirtualFile
from torrazzo.testing import ClipSpec, make_clip

DUOMO, PO = "3f9a1c0e5b7d2264/main", "00c0ffee00c0ffee/main"
CHANGE = UtcTicks(1_792_890_000 * SECOND)  # 2026-10-25T01:00:00Z
VERIFIER = Path(torrazzo_verify.__file__).with_name("verify.py")


class Handed(NamedTuple):
    """The package as it was handed over, extracted too, and what the cameras had sent."""

    path: Path
    policy: Path
    folder: Path
    filmed: dict[str, Filmed]
    span: Span


def _duomo(made: Recording) -> None:
    """25 fps with B-frames, a gap over the change of the clock, another size."""
    shoot_two_sizes(made, 56, 9, 32, 28)


def _po(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 125)


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    """120 s of each, from within a segment to within another."""
    folder = tmp_path_factory.mktemp("town")
    with archived(folder, [("duomo", DUOMO, _duomo), ("po", PO, _po)], UtcTicks(CHANGE - 60 * SECOND)) as town:
        town.enter()
        asked = town.asked(3.2, 123.2)
        path = town.package(asked, folder / "case.asice")
        (folder / "policy.txt").write_bytes(POLICY.pack())
        extract(files_of(path), folder / "extracted")
        filmed = {each.name: each for each in town.filmed}
        yield Handed(path, folder / "policy.txt", folder / "extracted", filmed, asked.span)


def number_at(handed: Handed, clip: str, seconds: float) -> int:
    """Of the picture that the camera had sent last, so many seconds after the clip's start."""
    shown = sorted((told.shown, told.number) for told in handed.filmed[clip].made.told)
    utc = handed.span.start + round(seconds * SECOND)
    return shown[bisect.bisect_right(shown, utc, key=lambda pair: pair[0]) - 1][1]


def test_python_alone_verifies_it(handed: Handed, tmp_path: Path) -> None:
    """A copy of verify.py, isolated, without site packages, with the published keys."""
    copy = shutil.copy(VERIFIER, tmp_path / "verify.py")
    command = (sys.executable, "-I", "-S", str(copy), str(handed.path), "--policy", str(handed.policy), "--lang", "en")
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2026-10-25T01:0" in done.stdout  # the gap, which is told, over the change of the clock


@pytest.mark.browser
def test_the_page_verifies_it_from_a_file(handed: Handed) -> None:
    """The verify.html that came in the package itself, opened as a file, asking for nothing over a network."""
    with open_browser() as browser:
        page = patient(browser.new_page())
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((handed.folder / "verify.html").as_uri())
        page.set_input_files("#policy-file", [str(handed.policy)])
        page.set_input_files("#file", [str(handed.path)])
        page.click("#start")
        page.wait_for_selector("#verdict[class^=code]")
        assert page.evaluate("state.code") == 0
    assert {url.partition(":")[0] for url in asked} <= {"file", "blob"}


@pytest.mark.parametrize("readme", ["README.txt", "LEGGIMI.txt"])
def test_a_shell_verifies_it(readme: str, handed: Handed) -> None:
    """openssl, sha256sum, head, tail, cat and base64, as the text in the package says, lead to the signed root."""
    signature, piece, segment, root, signed = run_readme(handed.folder, readme)
    assert signature == "Signature Verified Successfully"
    rows = [row.split() for row in (handed.folder / "pieces/duomo.txt").read_text().splitlines()]
    row = next(row for row in rows if row[1] != "0" and row[2] != "-")
    facts = (handed.folder / "facts/duomo.jsonl").read_text().splitlines()
    assert (piece, segment) == (row[5], json.loads(facts[int(row[0]) - 1])["h"])
    assert root == signed


@pytest.mark.parametrize("clip", ["duomo", "po"])
def test_ffmpeg_plays_it(clip: str, handed: Handed) -> None:
    """From 0:00, 120 s long to the tick, each picture at its time, and none that does not decode."""
    path = handed.folder / "clips" / f"{clip}.mp4"
    assert duration(path) * SECOND == 120 * SECOND
    told = [each.shown - handed.span.start for each in handed.filmed[clip].made.told]
    seen = {packet.pts for packet in packets(path)}
    assert {shown for shown in told if 0 <= shown < 120 * SECOND} <= seen <= set(told)
    command = ("ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-")
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""


class Stored(VirtualFile):
    """A file for the test's server, which gives ranges of such."""

    def __init__(self, data: bytes) -> None:
        self.size, self._data = len(data), data

    def read(self, start: int, end: int) -> Iterator[bytes]:
        yield self._data[start:end]


@pytest.mark.browser
def test_a_browser_plays_it(handed: Handed) -> None:
    """From 0:00, with the right duration; over the gap and the change of the clock each moment has its picture."""
    clips = {f"/{name}.mp4": Stored((handed.folder / "clips" / f"{name}.mp4").read_bytes()) for name in handed.filmed}
    with open_player({**clips}) as player:
        for clip in handed.filmed:
            assert player.load(f"/{clip}.mp4") == pytest.approx(120, abs=0.001)
            assert player.run("v.currentTime") == 0
            for seconds in (0.02, 40.02, 55.5, 58.02, 63.02, 90.02, 119.5):
                number = number_at(handed, clip, seconds)
                seen = player.seek(seconds, number)
                assert seen.label is not None
                assert seen.label.number == number, (clip, seconds)


def test_what_the_text_says_of_the_night_is_true(handed: Handed) -> None:
    """The span stands in UTC, in which the night has no hour twice; the gap is a fact with its cause."""
    text = (handed.folder / "README.txt").read_text()
    assert "from 2026-10-25T00:59:03.200Z to 2026-10-25T01:01:03.200Z (UTC)" in text
    facts = [json.loads(line) for line in (handed.folder / "facts/duomo.jsonl").read_text().splitlines()]
    (gap,) = (fact for fact in facts if fact["kind"] == "gap")
    assert (gap["t0"] - CHANGE, gap["t1"] - CHANGE, gap["why"]) == (-4 * SECOND, 5 * SECOND, "net")
