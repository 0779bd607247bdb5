# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hand-over report that is signed on paper: who, what, when, digests, gaps, and no more than was checked."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.errors import Unavailable
from torrazzo.base.times import SECOND
from torrazzo.evidence.clip import ERASED, GONE
from torrazzo.evidence.package import PackageParts
from torrazzo.evidence.readme import named
from torrazzo.evidence.report_words import WORDS
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.text import to_base64
from torrazzo_verify.verify import LEVELS, OPEN, Finding, is_for_show, sentence

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)
# What a verifier may leave open about this package; what it leaves open of each stands in the limits, the rest above.
_LEFT_OPEN = frozenset(
    {
        "accounting-anew",
        "gap-open",
        "hole",
        "show-late",
        "ahead",
        "head-alone",
        "history-none",
        "erased-claimed",
        "history-entry",
    }
)
_STYLE = """
@page { size: A4; margin: 18mm 16mm; @bottom-right {
  content: counter(page) " / " counter(pages); font: 8pt "DejaVu Sans", sans-serif } }
body { font: 9.5pt/1.4 "DejaVu Sans", sans-serif; color: #111 }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 11pt; margin: 5mm 0 1mm; border-bottom: 0.3mm solid #777 }
p { margin: 1mm 0 } table { border-collapse: collapse; width: 100%; font-size: 8pt }
th, td { border: 0.2mm solid #999; padding: 1mm; text-align: left; vertical-align: top }
code { font: 7.5pt "DejaVu Sans Mono", monospace; word-break: break-all }
section + section { break-before: page } .line { border-bottom: 0.2mm solid #333; height: 11mm }
"""


class Custody(NamedTuple):
    """Who asked for the copy and who approved it; a name that is no longer kept is None."""

    town: str
    zone: ZoneInfo
    asked_by: str | None
    asked_at: int
    approved_by: str | None
    approved_at: int
    purpose: str
    to: str
    recipient: str | None
    made_by: str | None = None  # where it was not who asked


class HandedOver(NamedTuple):
    """The file as it leaves."""

    name: str
    size: int
    sha256: str
    key: str | None = None  # the age key that it is encrypted to
    unshown: Sequence[str] = ()  # stretches of a camera without a clip, and why
    left_out: Mapping[str, str] = {}
    findings: Sequence[Finding] = ()  # of the verifier


_STRETCHES = {ERASED: "erased_stretch", GONE: "gone_stretch"}  # of segments, told together


def report_pdf(ask: int, parts: PackageParts, custody: Custody, file: HandedOver) -> bytes:
    """Italian, then English, as PDF/UA, which can be read aloud; raises `Unavailable` where the machine lacks Pango."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise Unavailable(f"no report: {error}; on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0") from error
    html = report_html(ask, parts, custody, file)
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=()))
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made


def report_html(ask: int, parts: PackageParts, custody: Custody, file: HandedOver) -> str:
    """The same as HTML, for the printer alone: it asks for nothing from anywhere."""
    pages = "".join(
        f'<section lang="{language}">{"".join(_Page(language, ask, parts, custody, file).blocks())}</section>'
        for language in WORDS
    )
    title = escape(f"{WORDS['it']['title']} {parts.case}")
    return (
        f'<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>{pages}</body></html>"
    )


class _Page:
    """In one language."""

    def __init__(self, language: str, ask: int, parts: PackageParts, custody: Custody, file: HandedOver) -> None:
        self._language, self._words = language, WORDS[language]
        self._ask, self._parts, self._custody, self._file = ask, parts, custody, file

    def blocks(self) -> Iterator[str]:
        """HTML, block by block."""
        yield f"<h1>{self._say('title')}</h1>"
        yield f"<p>{escape(self._custody.town)} · {self._say('case')} <b>{escape(self._parts.case)}</b></p>"
        yield f"<p>{self._say('local', zone=self._custody.zone.key)}</p>"
        yield from self._who()
        yield from self._what()
        yield from self._gaps()
        yield from self._missing()
        yield from self._signers()
        yield f"<h2>{self._say('verdict')}</h2><p>{self._say('verified')}</p>"
        yield from self._open()
        yield f"<p>{self._say('limits')}</p>"
        yield f"<h2>{self._say('signatures')}</h2>"
        for name in ("sign_from", "sign_to", "sign_when"):
            yield f'<p class="line">{self._say(name)}</p>'

    def _who(self) -> Iterator[str]:
        custody, unknown = self._custody, self._words["unknown"]
        asked = {"ask": self._ask, "person": custody.asked_by or unknown, "when": self._time(custody.asked_at)}
        purpose = self._words.get(f"purpose_{custody.purpose}", custody.purpose)
        yield f"<h2>{self._say('who')}</h2><p>{self._say('asked', **asked, purpose=purpose)}</p>"
        approved = {"person": custody.approved_by or unknown, "when": self._time(custody.approved_at)}
        yield f"<p>{self._say('approved', **approved)}</p>"
        if custody.made_by is not None:
            yield f"<p>{self._say('made', person=custody.made_by)}</p>"
        name = "recipient" if custody.recipient else "no_recipient"
        to = self._words.get(f"to_{custody.to}", custody.to)
        yield f"<p>{self._say(name, recipient=custody.recipient or '', to=to)}</p>"

    def _what(self) -> Iterator[str]:
        file = self._file
        made = self._time(self._parts.made)
        yield f"<h2>{self._say('what')}</h2><p>{self._say('file', file=file.name, bytes=file.size, made=made)}</p>"
        if file.key is not None:
            yield f"<p>{self._say('encrypted', key=file.key)}</p>"
        yield f"<p>{self._say('sha256')}<br><code>{file.sha256}</code></p><h2>{self._say('clips')}</h2>"
        rows = [
            (
                f"clips/{clip.name}.mp4",
                named(clip.stream, self._parts.cameras),
                self._time(clip.span.start),
                self._time(clip.span.end),
                str(clip.video.size),
                clip.video.sha256.hex(),
            )
            for clip in self._parts.clips
        ]
        yield self._table(("clip", "camera", "from", "to", "bytes", "digest"), rows)

    def _gaps(self) -> Iterator[str]:
        rows = [
            (clip.name, self._time(start), self._words["open"] if end is None else self._time(end), cause)
            for clip in self._parts.clips
            for start, end, cause in self._absences([json.loads(fact.line) for fact in clip.facts])
        ]
        yield f"<h2>{self._say('gaps')}</h2>"
        yield self._table(("clip", "from", "to", "cause"), rows) if rows else f"<p>{self._say('no_gaps')}</p>"

    def _absences(self, facts: Sequence[Mapping[str, object]]) -> Iterator[tuple[int, int | None, str]]:
        """Gaps and steps; one that was open is told by the fact that closed it."""
        closed = {(fact["term"], fact.get("of")) for fact in facts if fact["kind"] == "gap"}
        for fact in (fact for fact in facts if fact["kind"] in {"gap", "step"}):
            start, end = fact["t0"], fact["t1"]
            assert isinstance(start, int)
            if fact["kind"] == "step" and isinstance(end, int):
                yield start, end, self._words["step"].format(seconds=f"{(end - start) / SECOND:+.3f}")
            elif fact["kind"] == "gap" and not (end is None and (fact["term"], fact["n"]) in closed):
                why = str(fact["why"])
                assert end is None or isinstance(end, int)
                yield start, end, self._words.get("keys_gap" if why == "keys" else why, why)

    def _missing(self) -> Iterator[str]:
        yield f"<h2>{self._say('missing')}</h2>"
        if not (self._file.unshown or self._file.left_out or any(clip.losses for clip in self._parts.clips)):
            yield f"<p>{self._say('nothing_missing')}</p>"
        for clip in self._parts.clips:
            for line, piece, why in clip.losses:
                if why in _STRETCHES:
                    continue
                fact = json.loads(clip.facts[line - 1].line)
                where = {"clip": clip.name, "start": self._time(fact["t0"]), "end": self._time(fact["t1"])}
                yield f"<p>{self._say('lost_piece' if piece else 'lost_segment', piece=piece, **where)}</p>"
            for start, end, why in clip.gone():
                where = {"clip": clip.name, "start": self._time(start), "end": self._time(end)}
                yield f"<p>{self._say(_STRETCHES[why], **where)}</p>"
        for what in self._file.unshown:
            yield f"<p>{self._say('unshown', what=what)}</p>"
        for stream, why in self._file.left_out.items():
            yield f"<p>{self._say('left_out', stream=self._named(stream), why=why)}</p>"

    def _open(self) -> Iterator[str]:
        """In the verifier's own words."""
        language = list(WORDS).index(self._language)
        left = [
            escape(sentence(finding, language, self._named(finding.camera)).removeprefix(LEVELS[OPEN][language]))
            for finding in self._file.findings
            if finding.level == OPEN and finding.code in _LEFT_OPEN
        ]
        if left:
            yield f"<p><b>{self._say('left_open')}</b></p><ul>{''.join(f'<li>{each}</li>' for each in left)}</ul>"

    def _named(self, stream: str) -> str:
        return named(stream, self._parts.cameras) if stream else ""

    def _signers(self) -> Iterator[str]:
        policy, head = self._parts.policy, Checkpoint.parse(self._parts.rec.text)
        keys = [log.key for log in policy.logs] + [witness.key for witness in policy.witnesses]
        yield f"<h2>{self._say('keys')}</h2><p>{self._say('keys_text')}</p>"
        yield "".join(f"<p><code>{escape(str(key))}</code></p>" for key in keys)
        for key in (key for key in keys if is_for_show(key.name)):
            yield f"<p><b>{self._say('for_show', witness=key.name)}</b></p>"
        yield f"<p>{self._say('head', size=head.size, root=to_base64(head.root))}</p>"

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        top = "".join(f"<th>{self._say(head)}</th>" for head in heads)
        body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"

    def _say(self, name: str, **values: object) -> str:
        return escape(self._words[name].format(**values))

    def _time(self, ticks: int) -> str:
        """Local, with its offset: `2026-10-25 02:30:00.200+01:00`."""
        instant = _EPOCH + dt.timedelta(seconds=ticks // SECOND, milliseconds=ticks % SECOND // 90)
        return instant.astimezone(self._custody.zone).isoformat(" ", "milliseconds")


def _cell(text: str) -> str:
    return f"<code>{text}</code>" if _DIGEST.fullmatch(text) else escape(text)
