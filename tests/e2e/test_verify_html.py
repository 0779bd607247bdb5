# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""verify.html in a real browser, opened as a file: it says of each package what verify.py says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import torrazzo_verify
from tests.tamper.mutants import Parts, mutants
from tests.tools.archived import POLICY, archived
from tests.tools.browser import open_browser, patient
from tests.tools.dossier import Dossier, Keys, export, files_of, pack
from tests.tools.gate_town import digest
from tests.tools.page_seen import until
from tests.tools.recording import STREAM, Recording
from tests.tools.tampering import CASES, Case, Original, forge, ledger_notes, make_late, make_original, make_stepped
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify.verify import COUNTED, OPEN, TEXTS, WORDS, Finding, parse_policy, verify

PAGE = Path(torrazzo_verify.__file__).with_name("verify.html")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras; untouched."""
    return make_original(tmp_path_factory.mktemp("original"))


class Checker:
    """The page, and whatever it asked for over a network."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(PAGE.as_uri())

    def check(self, path: Path, policy: Path | None) -> tuple[int, list[Finding]]:
        """As a person does it: choose files, press the button, wait."""
        self.page.set_input_files("#policy-file", [] if policy is None else [str(policy)])
        self.page.set_input_files("#file", [str(path)])
        self.page.click("#start")
        self.page.wait_for_selector("#verdict[class^=code]")
        found = self.page.evaluate("state.findings")
        return self.page.evaluate("state.code"), [
            Finding(each["level"], each["code"], each["camera"], each["time"], tuple(each["values"])) for each in found
        ]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    """One page for all."""
    with open_browser() as browser:
        made = Checker(patient(browser.new_page()))
        yield made
        assert not made.errors
        assert {url.partition(":")[0] for url in made.requests} <= {"file", "blob"}


def _by_python(path: Path, policy: Path | None) -> tuple[int, list[Finding]]:
    found: list[Finding] = []
    return verify(str(path), parse_policy(policy.read_bytes()) if policy else None, found.append), found


def _same(one: list[Finding], two: list[Finding]) -> None:
    """The same findings in the same order; an error's own words may differ."""
    assert [finding[:4] for finding in one] == [finding[:4] for finding in two]
    for mine, theirs in zip(one, two, strict=True):
        if mine.level != "failed":
            assert mine == theirs


@pytest.mark.browser
@pytest.mark.parametrize("published", [True, False], ids=["published keys", "own keys"])
def test_the_untouched_package_gets_the_same_verdict(published: bool, checker: Checker, original: Original) -> None:
    """The page's findings are those of verify.py, one by one, with the published keys and without."""
    policy = original.folder / "policy.txt" if published else None
    code, found = checker.check(original.path, policy)
    assert code == (0 if published else 3)
    _same(found, _by_python(original.path, policy)[1])


@pytest.mark.browser
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_manipulation_gets_the_same_verdict(case: Case, checker: Checker, original: Original) -> None:
    """Of each forged package the page says what verify.py says: which check, which camera, when."""
    path, policy = forge(original, case), original.folder / "policy.txt"
    code, found = checker.check(path, policy)
    assert code == 1
    _same(found, _by_python(path, policy)[1])


@pytest.mark.browser
def test_mutants_get_the_same_verdict(checker: Checker, original: Original, tmp_path: Path) -> None:
    """With one thing changed at random the page accepts what verify.py accepts, and refuses headers as it does."""
    policy, codes = original.folder / "policy.txt", set[int]()
    for number, mutant in enumerate(mutants(Parts.of(original.path.read_bytes(), original.files), seed=4, count=42)):
        path = tmp_path / f"{number}.asice"
        path.write_bytes(mutant.data)
        code, found = _by_python(path, policy)
        if code == 0 or mutant.kind in {"both headers", "check sums", "central header", "clip's header"}:
            theirs, told = checker.check(path, policy)
            assert theirs == code, (mutant.kind, mutant.where, told)
            _same(told, found)
            codes.add(code)
    assert codes == {0, 1, 2}


@pytest.mark.browser
def test_a_span_across_steps_of_the_clock_gets_the_same_verdict(checker: Checker, tmp_path: Path) -> None:
    """Where the clock was set forward and back, across a gap, both count time alike, and tell what came late."""
    clip = export(make_stepped(tmp_path), STREAM, 5, 160, tmp_path / "out.mp4")
    dossier = Dossier([clip], notes=lambda lines: ledger_notes(lines)[:2])
    (tmp_path / "stepped.asice").write_bytes(dossier.bytes)
    (tmp_path / "policy.txt").write_bytes(dossier.keys.policy.pack())
    code, found = checker.check(tmp_path / "stepped.asice", tmp_path / "policy.txt")
    assert code == 0
    _same(found, _by_python(tmp_path / "stepped.asice", tmp_path / "policy.txt")[1])


@pytest.mark.browser
def test_a_segment_that_takes_no_time_gets_the_same_verdict(checker: Checker, tmp_path: Path) -> None:
    """A fact with t0 = t1 in the middle of the span is no failure, to both."""
    dossier = Dossier([export(make_late(tmp_path), STREAM, 11.9, 12.1, tmp_path / "out.mp4")])
    (tmp_path / "late.asice").write_bytes(dossier.bytes)
    (tmp_path / "policy.txt").write_bytes(dossier.keys.policy.pack())
    code, found = checker.check(tmp_path / "late.asice", tmp_path / "policy.txt")
    assert code == 0
    _same(found, _by_python(tmp_path / "late.asice", tmp_path / "policy.txt")[1])


@pytest.mark.browser
def test_a_hole_between_clips_and_a_witness_for_show_get_the_same_verdict(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three clips of one camera, one of them apart, under a demonstration's witness: both tell the same of it."""
    signer = SigningKey("witness.demo.invalid", Kind.COSIGNATURE, bytes(32))
    keys = Keys.of(1)._replace(witness=signer)
    monkeypatch.setattr(Keys, "of", lambda _: keys)
    made = make_stepped(tmp_path)
    dossier = Dossier([export(made, STREAM, start, start + 3, tmp_path / f"{start}.mp4") for start in (20, 2, 5)])
    (tmp_path / "shown.asice").write_bytes(dossier.bytes)
    (tmp_path / "policy.txt").write_bytes(dossier.keys.policy.pack())
    code, found = checker.check(tmp_path / "shown.asice", tmp_path / "policy.txt")
    assert code == 0
    assert {"hole", "head-for-show", "head-alone"} <= {finding.code for finding in found}
    _same(found, _by_python(tmp_path / "shown.asice", tmp_path / "policy.txt")[1])


@pytest.mark.browser
def test_what_nobody_can_open_any_more_gets_the_same_verdict(checker: Checker, tmp_path: Path) -> None:
    """Segments that are gone, in stretches, and a camera that is left out: both name them, and why."""
    po = "00c0ffee00c0ffee/main"
    clip = make_clip(ClipSpec(width=160, height=120, frames=100))
    start = UtcTicks((START // HOUR + 1) * HOUR - 20 * SECOND)

    def film(made: Recording) -> None:
        made.shoot(clip, 40)

    with archived(tmp_path, [("duomo", str(STREAM), film), ("po", po, film)], start) as made:
        made.enter()
        gone = {1: "erased", 2: "erased", 4: "gone"}
        made.rings.gone = lambda stream, n: gone.get(n) if str(stream) == po else None
        made.deed("fork", start, log="act", size=7, root=digest("root"), why="restored")
        made.erase(po, start // HOUR)
        made.package(made.asked(2, 39), tmp_path / "1.asice")
    Path(tmp_path / "policy.txt").write_bytes(POLICY.pack())
    left_out = {"stream": "0000000000000bad/main", "from": start, "to": start + SECOND, "why": "erased"}
    files = files_of(tmp_path / "1.asice")
    files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), "left_out": [left_out]}).encode()
    (tmp_path / "2.asice").write_bytes(pack(files))
    code, found = checker.check(tmp_path / "2.asice", tmp_path / "policy.txt")
    _same(found, _by_python(tmp_path / "2.asice", tmp_path / "policy.txt")[1])
    assert code == 0
    assert [each.values[-1] for each in found if each.code in {"segments-erased", "segments-gone"}] == ["2", "1"]
    erased = [(each.code, each.camera[-8:]) for each in found if each.code.startswith("erased-")]
    assert erased == [("erased-ordered", po[-8:]), ("erased-claimed", "bad/main")]
    assert [(each.level, each.time) for each in found if each.values[-1:] == ("fork",)] == [(OPEN, start)]
    assert [each.camera for each in found if each.code == "left-out"] == ["0000000000000bad/main"]


@pytest.mark.browser
def test_what_is_no_package_is_told(checker: Checker, original: Original, tmp_path: Path) -> None:
    """A cut package and a policy that is none end with 2."""
    (tmp_path / "cut.asice").write_bytes(original.path.read_bytes()[:-1])
    assert checker.check(tmp_path / "cut.asice", None)[0] == 2
    (tmp_path / "bad.txt").write_bytes(b"log x\n")
    assert checker.check(original.path, tmp_path / "bad.txt")[0] == 2


@pytest.mark.browser
def test_keys_can_be_typed_and_both_languages_are_there(checker: Checker, original: Original, tmp_path: Path) -> None:
    """Typed keys verify as a file does, of keys or a policy; the page changes its language with the findings in it."""
    keys = original.dossier.keys
    page = checker.page
    page.fill("#keys", "\n".join(str(key.verifier) for key in (keys.rec, keys.act, keys.witness)))
    assert checker.check(original.path, None)[0] == 0
    page.fill("#keys", f"# published\n{keys.policy.pack().decode()}")
    assert checker.check(original.path, None)[0] == 0
    page.fill("#keys", keys.policy.pack().decode().replace("quorum", "quorums"))
    assert checker.check(original.path, None)[0] == 2
    page.fill("#keys", "")
    (tmp_path / "keys.txt").write_text("".join(f"{key.verifier}\n" for key in (keys.rec, keys.act)), "ascii")
    assert checker.check(original.path, tmp_path / "keys.txt")[0] == 0
    page.click("text=English")
    assert page.inner_text("#verdict") == "VERIFIED with the keys given."
    assert "52 fragments: byte for byte those recorded." in page.inner_text("#findings")
    page.click("text=Italiano")
    assert page.inner_text("#verdict") == "VERIFICATO con le chiavi date."
    until(lambda: page.locator("video").count() == 2, "another number of clips")  # they come after the verdict
    page.fill("#keys", "")


@pytest.mark.browser
def test_the_page_can_be_used_with_the_keyboard_and_read_aloud(checker: Checker) -> None:
    """Each control has a label, the verdict is announced, and Tab reaches the button."""
    page = checker.page
    unlabelled = "[...document.querySelectorAll('input, textarea')].filter((node) => !node.labels.length).length"
    assert page.evaluate(unlabelled) == 0
    assert page.get_attribute("#verdict", "aria-live") == "polite"
    page.focus("#file")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "start"


@pytest.mark.browser
def test_what_is_not_listed_is_counted(checker: Checker) -> None:
    """Of 207 findings alike the page lists 200, and says that there are 7 more; of another camera it lists each."""
    said = checker.page.evaluate(
        """() => {
            const gap = {level: "told", code: "gap", camera: "c", time: 0, values: ["later", "1 s", "net"]};
            state.language = 1;
            state.findings = [...Array(207).fill(gap), {...gap, camera: "d"}];
            render();
            return [...document.querySelectorAll("#findings li")].map((row) => row.textContent);
        }"""
    )
    assert len(said) == COUNTED + 2
    assert said[COUNTED].endswith("… and 7 more like this")


@pytest.mark.browser
def test_a_camera_is_named_in_words_and_its_id_beside(checker: Checker) -> None:
    """As its clip's file is called, without a part's number, once a clip of it was found; else by its id."""
    said = checker.page.evaluate(
        """() => {
            const told = (code, camera, value) =>
                ({level: "told", code, camera, time: 0, values: [value, "1 s", "net"]});
            const gaps = ["c/main", "d"].map((each) => told("gap", each, "x"));
            state.language = 1;
            state.findings = [told("clip", "c/main", "clips/ponte-sub-part-1.mp4"), ...gaps];
            render();
            return [...document.querySelectorAll("#findings li")].map((row) => row.textContent);
        }"""
    )
    assert [text.partition(",")[0].partition("camera ")[2] for text in said] == ["ponte-sub (c/main)"] * 2 + ["d"]


def test_the_page_may_reach_no_network_and_says_the_same_words() -> None:
    """Its policy allows no connection, nothing comes from elsewhere, and its sentences are those of verify.py."""
    text = PAGE.read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert not re.search(r"(?:src|href)\s*=\s*\"?(?:https?:)?//|fetch\(|XMLHttpRequest|WebSocket|import\(", text)
    texts = re.search(r'<script type="application/json" id="texts">\n(.*?)</script>', text, re.DOTALL)
    assert texts is not None
    assert {code: tuple(both) for code, both in json.loads(texts[1]).items()} == TEXTS
    words = re.search(r'<script type="application/json" id="words">\n(.*?)</script>', text, re.DOTALL)
    assert words is not None
    assert {code: tuple(both) for code, both in json.loads(words[1]).items()} == WORDS
