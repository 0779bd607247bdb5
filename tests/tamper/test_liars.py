# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What both verifiers say of packages that lie by their form: the same, and never that all is good."""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import torrazzo_verify
from tests.tamper.liars import LIES, Lie, hidden_directory
from tests.tools.browser import open_browser
from tests.tools.tampering import CLIP_A, Original, make_original
from torrazzo_verify.verify import FAILED, PRINTABLE, TOLD, Finding, parse_policy, sentence, verify

FOLDER = Path(torrazzo_verify.__file__).parent
UNSEEN = "\x1b[2J\u202e\u2066\u200f\u200b\u061c\ufeff\u2028\x9b\r\n\U000e0041"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras; untouched."""
    return make_original(tmp_path_factory.mktemp("original"))


def _told(original: Original, lie: Lie, folder: Path) -> tuple[Path, int, list[Finding]]:
    path = folder / "lie.asice"
    path.write_bytes(lie.make(original))
    found: list[Finding] = []
    policy = parse_policy((original.folder / "policy.txt").read_bytes())
    return path, verify(str(path), policy, found.append), found


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name[:40])
def test_each_lie_is_found(lie: Lie, original: Original, tmp_path: Path) -> None:
    """The exit code is the one expected; where it is 1, the failure is named."""
    _, code, found = _told(original, lie, tmp_path)
    failed = {finding.code for finding in found if finding.level == FAILED}
    assert code == lie.code, found
    assert not lie.failure or lie.failure in failed
    assert (code == 0) is not bool(failed)


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """verify.html, opened as a file."""
    with open_browser() as browser:
        opened = browser.new_page()
        opened.goto((FOLDER / "verify.html").as_uri())
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name[:40])
def test_the_page_says_the_same(lie: Lie, page: Any, original: Original, tmp_path: Path) -> None:
    """The same code; and where the package can be read, the same findings in the same order."""
    path, code, found = _told(original, lie, tmp_path)
    page.set_input_files("#policy-file", [str(original.folder / "policy.txt")])
    page.set_input_files("#file", [str(path)])
    page.click("#start")
    page.wait_for_selector("#verdict[class^=code]", timeout=60_000)
    assert page.evaluate("state.code") == code
    said = [(each["level"], each["code"], each["camera"], each["time"]) for each in page.evaluate("state.findings")]
    assert code == 2 or said == [finding[:4] for finding in found]


def test_a_second_directory_is_what_another_reader_finds(original: Original) -> None:
    """Why extra fields are refused: Python's own ZIP reader shows one camera's clip under the other's name."""
    with zipfile.ZipFile(io.BytesIO(hidden_directory(original))) as archive:
        shown = next(info for info in archive.infolist() if info.filename == f"clips/{CLIP_A}.mp4")
        assert shown.file_size != len(original.files[f"clips/{CLIP_A}.mp4"])


def test_what_is_printed_turns_no_writing() -> None:
    """Whatever stands in a text: no control character, no mark that turns or hides what stands beside it."""
    line = sentence(Finding(TOLD, "opening", values=("2", f"a{UNSEEN}b")), 1).translate(PRINTABLE)
    assert line.endswith(f"Private part of entry 2: a{''.join('?' if c not in '[2J' else c for c in UNSEEN)}b")


@pytest.mark.browser
def test_the_page_shows_markup_as_text(page: Any) -> None:
    """Texts of a package are texts: nothing in them becomes a part of the page, or turns its writing."""
    text = f"<img src=x onerror=alert(1)><script>alert(1)</script>{UNSEEN}"
    finding = {"level": "told", "code": "opening", "camera": text, "time": None, "values": ["2", text]}
    page.evaluate("(finding) => { state.findings = [finding]; state.code = 0; render(); }", finding)
    shown = page.inner_text("#findings")
    assert page.evaluate("document.querySelectorAll('#findings img, #findings script').length") == 0
    assert "<img src=x onerror=alert(1)>" in shown
    assert not set(UNSEEN) - set("[2J") & set(shown.rstrip())


@pytest.mark.parametrize("options", [(), ("-I", "-S")], ids=["plain", "isolated"])
def test_modules_beside_the_file_are_not_loaded(options: tuple[str, ...], original: Original, tmp_path: Path) -> None:
    """A copy that lies in an unpacked package does not take json.py from there for Python's."""
    shutil.copy(FOLDER / "verify.py", tmp_path)
    for name in ("json", "hashlib", "struct", "binascii", "re", "datetime", "typing"):
        (tmp_path / f"{name}.py").write_text("print('VERIFIED'); raise SystemExit(0)")
    words = (str(original.path), "--policy", str(original.folder / "policy.txt"))
    command = (sys.executable, *options, "verify.py", *words, "--lang", "en")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("VERIFIED with the keys given.\n")
    assert "keys used are those that you gave" in done.stdout
