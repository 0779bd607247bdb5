# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hand-over report: what it says is what the package holds, and no more than was checked."""

import html
import json
import re
import zlib
from collections.abc import Iterator
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from tests.tools.archived import POLICY, archived
from tests.tools.recording import Recording
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.api.exports_shapes import RecipientClass
from torrazzo.evidence.gather import Gathering, Source
from torrazzo.evidence.package import PackageParts
from torrazzo.evidence.readme import readme
from torrazzo.evidence.report import Custody, HandedOver, report_html, report_pdf
from torrazzo.evidence.report_words import WORDS
from torrazzo.law.reason import PURPOSES
from torrazzo.testing import ClipSpec, make_clip
from torrazzo_verify.verify import LEVELS, OK, OPEN, Finding, sentence

PO = "00c0ffee00c0ffee/main"
CHANGE = UtcTicks(1_792_890_000 * SECOND)  # 2026-10-25T01:00:00Z: in Cremona 03:00 becomes 02:00
CUSTODY = Custody(
    "Comune di <Cremona>", ZoneInfo("Europe/Rome"),
    "anna.rossi", CHANGE + 3600 * SECOND, "bruno", CHANGE + 7200 * SECOND, "theft", "court", "Procura",
)  # fmt: skip


def _film(made: Recording) -> None:
    small = make_clip(ClipSpec(width=160, height=120, frames=100))
    made.shoot(small, 21)
    made.gap(10)
    made.shoot(small, 12)
    made.step(5)
    made.shoot(small, 11)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageParts]:
    """A gap over the end of summer time, and a clock that was set."""
    folder = tmp_path_factory.mktemp("town")
    with archived(folder, [("po", PO, _film)], UtcTicks(CHANGE - 25 * SECOND)) as town, town.footage() as footage:
        town.enter(received=CHANGE + 600 * SECOND)  # late, so the ledger's notes stand among the facts
        asked = town.asked(2, 55)
        gathering = Gathering(asked, Source(footage, town.read, town.index_of, POLICY))
        measured = {stream: gathering.measure(stream, lambda _: None) for stream in asked.streams}
        yield gathering.parts(measured, UtcTicks(CHANGE + 9000 * SECOND), lambda _: None)


def _said(parts: PackageParts, file: HandedOver) -> tuple[str, str]:
    """The Italian and the English page, tags taken away."""
    italian, english = report_html(7, parts, CUSTODY, file).split("</section>")[:2]
    return re.sub("<[^>]*>", " ", italian), re.sub("<[^>]*>", " ", english)


def test_it_says_who_what_when_and_which_digests(parts: PackageParts) -> None:
    """In both languages: persons, case, the package's digest and each clip's, keys."""
    for page in _said(parts, HandedOver("case.asice", 1234, "ab" * 32)):
        for text in ("anna.rossi", "bruno", "Procura", "2026/0042", "case.asice", "1234", "ab" * 32):
            assert text in page, text
        assert parts.clips[0].video.sha256.hex() in page
        assert all(str(log.key) in page for log in POLICY.logs)
        assert "2026-10-25 03:00:00.000+01:00" in page  # asked an hour after the change


def test_cameras_are_named_in_words_and_the_id_beside(parts: PackageParts) -> None:
    """In the table of clips, in what is left out or open, and in the package's own texts."""
    (clip,) = parts.clips
    called = parts._replace(cameras={clip.stream: "Ponte sul <Po>\n2"})
    words = f"Ponte sul <Po> 2 ({PO})"
    found = Finding(OPEN, "gap-open", PO, CHANGE, ("2026-10-25T01:00:30.000Z",))
    file = HandedOver("c", 1, "ab" * 32, left_out={PO: "no picture"}, findings=[found])
    for page in map(html.unescape, _said(called, file)):
        assert page.count(words) == 3
        assert page.count(PO) == 3
    for language, text in zip(("it", "en"), ("telecamera", "camera"), strict=True):
        made = readme(called.case, called.clips, (), called.rec, called.policy, called.cameras, language).decode()
        assert f"clips/po.mp4   {text} {words}" in made
        assert made.count(PO) == 1


def test_purpose_and_recipient_are_told_in_words(parts: PackageParts) -> None:
    """Each purpose and class of recipients that the page knows has words in both languages; another stays as it is."""
    classes = get_args(RecipientClass)
    for words in WORDS.values():
        assert {f"purpose_{purpose}" for purpose in PURPOSES} | {f"to_{to}" for to in classes} <= words.keys()
    custody = CUSTODY._replace(purpose="road-accident", to="judge")
    italian, _, english = report_html(7, parts, custody, HandedOver("c", 1, "ab" * 32)).partition("</section>")
    assert "«incidente stradale»" in italian
    assert "(categoria «autorità giudiziaria»)" in italian
    assert "“road accident”" in english
    assert "“theft”" in _said(parts, HandedOver("c", 1, "ab" * 32))[1]


def test_gaps_stand_with_their_cause_in_local_time(parts: PackageParts) -> None:
    """Over the end of summer time both offsets are told; a clock that was set is told as such, and is no gap."""
    italian, english = _said(parts, HandedOver("case.asice", 1, "ab" * 32))
    for page, cause in ((italian, "la telecamera non era raggiungibile"), (english, "the camera could not be reached")):
        row = page[page.index("02:59:56.000+02:00") :]
        assert "02:00:06.000+01:00" in row[:80]
        assert cause in row[:160]
    assert "orologio spostato di +5.000 s" in italian
    assert "clock set by +5.000 s" in english


def test_what_is_missing_is_told(parts: PackageParts) -> None:
    """Pieces that could not be read, cameras without pictures; without any it says that all is there."""
    lost = HandedOver("c", 1, "ab" * 32, None, ["piece 4 <b>"], {"x/main": "no picture"})
    (clip,) = parts.clips
    parts = parts._replace(clips=[clip._replace(losses=[(1, 3, "damaged"), (2, 0, "damaged")])])
    for page, language in zip(_said(parts, lost), WORDS, strict=True):
        piece, segment = (WORDS[language][name].partition("{start}")[0] for name in ("lost_piece", "lost_segment"))
        assert page.count(piece.format(clip="po", piece=3)) == 1
        assert page.count(segment.format(clip="po")) == 1
        assert "02:59:35.000+02:00" in page
        assert "piece 4 &lt;b&gt;" in page
        assert "no picture" in page
        assert WORDS[language]["nothing_missing"] not in page
        assert WORDS[language]["limits"][:60].replace("’", "’") in page
    none = HandedOver("c", 1, "ab" * 32)
    assert WORDS["en"]["nothing_missing"] not in _said(parts, none)[1]
    parts = parts._replace(clips=[clip])
    assert WORDS["en"]["nothing_missing"] in _said(parts, HandedOver("c", 1, "ab" * 32))[1]


def test_what_the_verifier_leaves_open_is_told(parts: PackageParts) -> None:
    """That nothing is proven behind a gap without an end, or that no second office signed; not what holds for all."""
    said = [
        Finding(OPEN, "gap-open", PO, CHANGE, ("2026-10-25T01:00:30.000Z",)),
        Finding(OPEN, "head-alone", values=("rec",)),
        Finding(OPEN, "limit-camera"),
        Finding(OK, "pieces", PO, None, ("7",)),
    ]
    for at, page in enumerate(_said(parts, HandedOver("c", 1, "ab" * 32, findings=said))):
        assert list(WORDS.values())[at]["left_open"] in page
        for finding in said:
            text = sentence(finding, at).removeprefix(LEVELS[OPEN][at])
            assert (text in html.unescape(page)) == (finding.code in {"gap-open", "head-alone"}), finding
    for language, page in zip(WORDS, _said(parts, HandedOver("c", 1, "ab" * 32, findings=said[2:])), strict=True):
        assert WORDS[language]["left_open"] not in page


def test_what_nobody_can_open_any_more_is_told_in_stretches(parts: PackageParts) -> None:
    """Segments that follow each other in one sentence, and for what reason."""
    (clip,) = parts.clips
    recorded = [at for at, fact in enumerate(clip.facts, 1) if json.loads(fact.line)["kind"] == "seg"][:2]
    for why, name in (("erased", "erased_stretch"), ("gone", "gone_stretch")):
        lost = parts._replace(clips=[clip._replace(losses=[(line, 0, why) for line in recorded])])
        for page, language in zip(_said(lost, HandedOver("c", 1, "ab" * 32)), WORDS, strict=True):
            start, _, rest = WORDS[language][name].partition("{start}")
            assert page.count(start.format(clip="po")) == 1
            assert rest.partition("{end}")[2] in page


def test_no_cell_is_more_than_text(parts: PackageParts) -> None:
    """Whatever a fact says, as long as a digest too, stands in the report as text."""
    (clip,) = parts.clips
    facts = [fact._replace(line=fact.line.replace(b'"why":"', b'"why":"<b>' + b"x" * 61)) for fact in clip.facts]
    why = next(json.loads(fact.line)["why"] for fact in facts if b"<b>" in fact.line)
    cut = [fact._replace(line=fact.line.replace(why.encode(), why[:64].encode())) for fact in facts]
    page = report_html(7, parts._replace(clips=[clip._replace(facts=cut)]), CUSTODY, HandedOver("c", 1, "ab" * 32))
    assert page.count(f"<td>&lt;b&gt;{'x' * 61}</td>") == len(WORDS)
    assert f"<td><code>{clip.video.sha256.hex()}</code></td>" in page


def test_both_languages_say_the_same_things() -> None:
    """The same words, with the same places for values."""
    fields = {
        language: {name: sorted(re.findall(r"{\w+}", text)) for name, text in words.items()}
        for language, words in WORDS.items()
    }
    assert fields["it"] == fields["en"]


def test_it_is_a_pdf(parts: PackageParts) -> None:
    """Drawn without asking for anything, for a printer and for a screen reader."""
    try:
        import weasyprint  # noqa: F401
    except OSError as error:
        pytest.skip(f"no Pango on this machine: {error}")
    data = report_pdf(7, parts, CUSTODY, HandedOver("case.asice", 1234, "ab" * 32, "age1x"))
    assert data.startswith(b"%PDF-1.7")
    inside = b"".join(_inflated(stream) for stream in re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL))
    assert b"/MarkInfo <</Marked true>>" in inside
    pages = re.search(rb"/Type /Pages.*?/Count ([0-9]+)", inside)
    assert pages is not None
    assert int(pages[1]) >= len(WORDS)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
