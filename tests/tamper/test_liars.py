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
from types import SimpleNamespace
from typing import Any

import pytest

import torrazzo_verify
from tests.tamper.liars import LIES, Lie, hidden_directory
from tests.tools.browser import open_browser, patient
from tests.tools.dossier import Keys
from tests.tools.tampering import CLIP_A, Original, make_original
from torrazzo.base.times import SECOND
from torrazzo.ledger.key import VerifierKey
from torrazzo_verify.verify import (
    FAILED,
    OPEN,
    PRINTABLE,
    TOLD,
    Finding,
    Picture,
    Pictures,
    Show,
    main,
    parse_policy,
    sentence,
    verify,
)

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
        opened = patient(browser.new_page())
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


REC, ACT, WITNESS = Keys.of(1)
OTHER = VerifierKey(REC.verifier.name, REC.verifier.kind, ACT.verifier.public)  # one key under the other's name
LOGS = f"log {REC.verifier}\nlog {ACT.verifier}\n"
POLICIES = [
    ("no quorum line", LOGS, 2),
    ("nobody else", f"{LOGS}quorum none\n", 0),
    ("none of one", f"{LOGS}witness a {WITNESS.verifier}\ngroup g 0 a\nquorum g\n", 2),
    ("two of one", f"{LOGS}witness a {WITNESS.verifier}\ngroup g 2 a\nquorum g\n", 2),
    ("a log as witness", f"{LOGS}witness a {REC.verifier}\nquorum a\n", 2),
    ("a witness as log", f"log {WITNESS.verifier}\nquorum none\n", 2),
    ("a witness twice", f"{LOGS}witness a {WITNESS.verifier}\nwitness b {WITNESS.verifier}\nquorum a\n", 2),
    ("an unknown quorum", f"{LOGS}quorum b\n", 2),
    ("names exchanged", f"log {OTHER}\nquorum none\n", 1),
    ("one log", f"log {REC.verifier}\nquorum none\n", 1),
    ("cut", f"{LOGS}quorum none", 2),
    ("no UTF-8", f"# \udce0\n{LOGS}quorum none\n", 0),
]


@pytest.mark.parametrize(("name", "policy", "code"), POLICIES, ids=[each[0] for each in POLICIES])
def test_policies_ask_for_what_they_say(name: str, policy: str, code: int, original: Original, tmp_path: Path) -> None:
    """A policy that is none is refused; one that asks for less accepts that, and no other key."""
    (tmp_path / "policy").write_bytes(policy.encode("utf-8", "surrogateescape"))
    assert main([str(original.path), "--policy", str(tmp_path / "policy")]) == code


@pytest.mark.browser
def test_the_page_takes_policies_alike(page: Any, original: Original, tmp_path: Path) -> None:
    """The same of each; and what was said is gone as soon as another file is chosen."""
    for name, policy, code in POLICIES:
        (tmp_path / name).write_bytes(policy.encode("utf-8", "surrogateescape"))
        page.set_input_files("#policy-file", [str(tmp_path / name)])
        page.set_input_files("#file", [str(original.path)])
        assert page.evaluate("[state.code, state.findings.length]") == [None, 0]
        page.click("#start")
        page.wait_for_selector("#verdict[class^=code]", timeout=60_000)
        assert page.evaluate("state.code") == code, name
    page.set_input_files("#policy-file", [])


def test_a_fact_from_after_its_head_was_seen_is_told(original: Original, tmp_path: Path) -> None:
    """Of each camera's first such fact, with the time of the witness; nothing of the kind in the untouched package."""
    lie = next(lie for lie in LIES if lie.name == "a head seen before its facts")
    _, _, found = _told(original, lie, tmp_path)
    assert [finding.level for finding in found if finding.code == "ahead"] == [OPEN]
    _, _, found = _told(original, Lie("", lambda original: original.path.read_bytes(), 0), tmp_path)
    assert "ahead" not in {finding.code for finding in found}


SHOWN: list[
    tuple[str, list[tuple[float, bool, bool]], list[str]]
] = [  # second of a picture, key or not, whether it is shown
    ("from the first key on", [(0, True, True), (5, False, True), (9, False, True)], ["ok show"]),
    ("from a later key on", [(0, False, False), (5, False, False), (9, True, True)], ["open show-late", "ok show"]),
    ("behind the first key", [(0, True, False), (5, False, False), (9, True, True)], ["failed picture-hidden"]),
    ("nothing", [(9.5, True, False)], ["failed picture-hidden"]),
]


@pytest.mark.parametrize(("name", "pictures", "said"), SHOWN, ids=[each[0] for each in SHOWN])
def test_what_is_left_out_at_the_beginning(
    name: str, pictures: list[tuple[float, bool, bool]], said: list[str]
) -> None:
    """Pictures for whose decoding others are missing may be left out, and that is told; others may not."""
    found: list[str] = []
    clip: Any = SimpleNamespace(
        start=0, end=10 * SECOND, lost=(), say=lambda level, code, *_: found.append(f"{level} {code}")
    )
    show = Show(clip, b"", 0)
    shown = [round(second * SECOND) for second, _, is_shown in pictures if is_shown]
    columns = Pictures([*range(len(shown))], [1] * len(shown), shown, [0] * len(shown))
    header = {"pictures": columns, "empty": 0, "media_time": 0, "duration": clip.end, "syncs": set()}
    show.header = SimpleNamespace(**header, has_more=False, ends_badly=False, media=0, lasts=0)  # type: ignore[assignment]
    place = 0
    for second, is_key, is_shown in pictures:
        time = round(second * SECOND)
        show.picture(Picture(place if is_shown else -2, 1, time, 0, is_key), time)
        place += is_shown
    show.finish()
    assert found == said


SHOW_IN_PAGE = """(pictures) => {
  const said = [], say = (level, code) => said.push(`${level} ${code}`);
  const clip = { start: 0, end: 900000, lost: new Set(), say };
  const show = new Show(clip, new Uint8Array(), 0), ticks = (second) => Math.round(second * 90000);
  const shown = pictures.filter(([, , isShown]) => isShown);
  const rows = shown.map(([second], at) => ({ at, size: 1, time: ticks(second), shift: 0 }));
  show.header = { pictures: rows.values(), empty: 0, mediaTime: 0, duration: 900000 };
  show.advance();
  let place = 0;
  for (const [second, isKey, isShown] of pictures) {
    show.picture({ size: 1, time: ticks(second), shift: 0, isKey }, isShown ? place++ : -2, ticks(second));
  }
  show.finish();
  return said;
}"""


@pytest.mark.browser
def test_the_page_says_the_same_of_the_beginning(page: Any) -> None:
    """Of each of these."""
    for name, pictures, said in SHOWN:
        assert page.evaluate(SHOW_IN_PAGE, [list(each) for each in pictures]) == said, name


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
