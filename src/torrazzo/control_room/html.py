# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page, written on the server: it works without scripts; whatever people or cameras said is escaped."""

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.control_room.state import CameraState, GapState, StreamState, TownState
from torrazzo.control_room.words import WORDS, age_text, bytes_text
from torrazzo.law.reason import PURPOSES

MOST_GAPS = 4
FEW_KEYS = 24
MINUTES = (1, 5, 15)
LEVELS = ("tpm", "file")  # of the keyring


class Shown(NamedTuple):
    """What a look shows."""

    address: str  # of its page
    span: tuple[UtcTicks, UtcTicks]
    number: int  # of the fact that opened it


class Writer:
    """Writes for one reader: a language and the town's zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self._zone = zone
        self._words = WORDS[language]

    def say(self, key: str, **values: object) -> str:
        """A word or sentence, escaped, values too."""
        return escape(self._words[key].format(**values)) if values else escape(self._words[key])

    def word(self, key: str) -> str:
        """A word as it is: for what escapes by itself."""
        return self._words[key]

    def why(self, cause: str) -> str:
        """A cause in words; one that we do not know as it stands."""
        return self._words.get(cause, cause)

    def clock(self, ticks: UtcTicks, form: str = "%H:%M:%S") -> str:
        """Local time."""
        return (
            (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=ticks // SECOND))
            .astimezone(self._zone)
            .strftime(form)
        )

    def time(self, ticks: UtcTicks) -> str:
        """Local time, with the instant for machines."""
        return f'<time datetime="{iso_from_ticks(ticks)}">{self.clock(ticks)}</time>'

    def page(self, title: str, body: str, town: str = "", other: str = "/") -> str:
        """A whole document."""
        language = "en" if self.language == "it" else "it"
        link = f"{other}{'&amp;' if '?' in other else '?'}lang={language}"
        head = f"{escape(title)} · {escape(town)}" if town else escape(title)
        return (
            f'<!doctype html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{head} · Torrazzo</title>\n"
            '<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">\n'
            '<link rel="stylesheet" href="/assets/page.css">\n'
            '<script src="/assets/page.js" defer></script>\n</head>\n<body>\n'
            f'<a class="skip" href="#main">{self.say("skip")}</a>\n'
            f'<header><p class="town">Torrazzo <span>{escape(town)}</span></p>'
            f'<a href="{link}" lang="{language}" hreflang="{language}">{self.say("other_language")}</a></header>\n'
            f'<main id="main">\n{body}\n</main>\n</body>\n</html>\n'
        )

    def overview(self, town: TownState) -> str:
        """The table of cameras; the script asks for it again and again."""
        parts = [f'<p id="summary" class="{"fine" if town.is_fine else "alarm"}">{self._summary(town)}</p>']
        parts += [f'<p class="alarm">{warning}</p>' for warning in self._warnings(town)]
        if town.cameras:
            rows = "\n".join(self._rows(camera) for camera in town.cameras)
            parts.append(
                f'<div class="scroll"><table>\n<caption class="off">{self.say("title")}</caption>\n<thead><tr>'
                f'<th scope="col">{self.say("camera")}</th><th scope="col">{self.say("stream")}</th>'
                f'<th scope="col">{self.say("state")}</th><th scope="col">{self.say("age")}</th>'
                f'<th scope="col" class="number">{self.say("received")}<small>{self.say("received_note")}</small></th>'
                f'<th scope="col">{self.say("gaps")}</th><th scope="col">{self.say("watch")}</th>'
                f"</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
            )
        else:
            parts.append(
                f"<p>{self.say('no_cameras')} {self.say('no_cameras_next')}</p>"
                "<pre>torrazzo camera add &quot;Piazza Risorgimento&quot; rtsp://10.0.0.5/stream</pre>"
            )
        if town.own_witness:
            parts.append(f'<p class="quiet">{self.say("own_witness")}</p>')
        if town.keyring_level in LEVELS:
            parts.append(f'<p class="quiet" id="level">{self.say(f"level_{town.keyring_level}")}</p>')
        parts.append(f'<p class="quiet">{self.say("updated", time=self.clock(town.now))}{self._disks(town)}</p>')
        return "\n".join(parts)

    def front(self, town: TownState) -> str:
        """The first page."""
        stale = self.say("stale", time="{time}")
        body = (
            f"<h1>{self.say('title')}</h1>\n"
            f'<p id="stale" class="alarm" role="alert" data-text="{stale}" hidden></p>\n'
            '<p id="announce" class="off" role="status"></p>\n'
            f'<div id="overview" data-source="/overview?lang={self.language}">\n{self.overview(town)}\n</div>'
        )
        return self.page(self._words["title"], body, town.town)

    def watch(
        self, town: str, camera: CameraState, stream: StreamState, minutes: int, person: str, end: UtcTicks | None
    ) -> str:
        """The last minutes of one stream: why somebody wants to look at them. No picture yet."""
        here = f"/watch/{quote(camera.id)}/{quote(stream.name)}"
        parts = self._heading(camera, stream)
        link = f"{here}?lang={self.language}&amp;minutes="
        choices = " ".join(
            f'<a href="{link}{n}"{" aria-current=page" if n == minutes else ""}>{n}</a>' for n in MINUTES
        )
        parts.append(f'<nav aria-label="{self.say("minutes_choice")}">{self.say("minutes_choice")}: {choices}</nav>')
        if end is None:
            parts.append(f'<p class="empty">{self.say("no_footage")}</p>')
        else:
            parts.append(self._form(here, minutes, person))
        return self.page(self._title(camera, stream), "\n".join(parts), town, f"{here}?minutes={minutes}")

    def look(self, town: str, camera: CameraState, stream: StreamState, shown: Shown, gaps: Sequence[GapState]) -> str:
        """What is looked at, to play."""
        parts = [*self._heading(camera, stream), self._player(camera, stream, shown)]
        parts.append(f"<h2>{self.say('in_span')}</h2>{self._gaps(gaps, most=50)}")
        return self.page(self._title(camera, stream), "\n".join(parts), town, shown.address)

    def no_look(self, text: str, again: str) -> str:
        """That nothing is shown, and where to try again."""
        link = f'<p><a href="{escape(again)}">{self.say("look_again")}</a></p>'
        return self.page(
            self._words["trouble"], f'<h1>{self.say("trouble")}</h1><p class="alarm">{escape(text)}</p>{link}'
        )

    def trouble(self, title: str, text: str) -> str:
        """A page that says what is wrong and where to go."""
        back = f'<p><a href="/?lang={self.language}">{self.say("back")}</a></p>'
        return self.page(title, f'<h1>{escape(title)}</h1><p class="alarm">{escape(text)}</p>{back}')

    def _title(self, camera: CameraState, stream: StreamState) -> str:
        return f"{camera.name} ({self._words[stream.name]})"

    def _heading(self, camera: CameraState, stream: StreamState) -> list[str]:
        back = f'<p><a href="/?lang={self.language}">← {self.say("back")}</a></p>'
        parts = [back, f"<h1>{escape(self._title(camera, stream))}</h1>"]
        if camera.place:
            parts.append(f"<p>{escape(camera.place)}</p>")
        return [*parts, f"<p>{self.say('state')}: {self._state(stream)}</p>"]

    def _form(self, here: str, minutes: int, person: str) -> str:
        purposes = "".join(f'<option value="{each}">{self.say(f"purpose_{each}")}</option>' for each in PURPOSES)
        return (
            f'<h2>{self.say("look_title")}</h2>\n<form method="post" action="{here}?lang={self.language}">\n'
            f'<input type="hidden" name="minutes" value="{minutes}">\n'
            f'<p><label for="purpose">{self.say("look_purpose")}</label><select id="purpose" name="purpose" required>'
            f'<option value="">{self.say("look_choose")}</option>{purposes}</select></p>\n'
            f'<p><label for="reason">{self.say("look_reason")}</label>'
            '<input id="reason" name="reason" required maxlength="500"></p>\n'
            f'<p><label for="case">{self.say("look_case")}</label><input id="case" name="case" maxlength="100"></p>\n'
            f'<p class="quiet">{self.say("look_as", name=person)} {self.say("look_note")}</p>\n'
            f'<p><button id="look">{self.say("look_open")}</button></p>\n</form>'
        )

    def _player(self, camera: CameraState, stream: StreamState, shown: Shown) -> str:
        start, end = shown.span
        codec = {"h264": "H.264", "h265": "H.265"}.get(stream.codec or "", stream.codec or "?")
        told = self.say(
            "from_to",
            start=self.clock(start),
            end=self.clock(end),
            day=self.clock(start, "%d/%m/%Y" if self.language == "it" else "%Y-%m-%d"),
        )
        address = escape(shown.address)
        return (
            f"<p>{told}</p>\n"
            f'<video controls controlslist="nodownload" preload="metadata" data-stay="{address}/stay" '
            f'aria-label="{self.say("video_of", camera=camera.name)}" '
            f'src="{address}/video.mp4">{self.say("no_video")}</video>\n'
            f'<p id="cannot-play" class="alarm" role="alert" hidden>{self.say("cannot_play", codec=codec)}</p>\n'
            f'<p id="over" class="alarm" role="alert" hidden>{self.say("look_over")}</p>\n'
            f'<form method="post" action="{address}/close"><p class="quiet">'
            f"{self.say('look_number', number=shown.number)} "
            f'<a href="{address}/video.m3u8">{self.say("playlist")}</a> '
            f"<button>{self.say('look_close')}</button></p></form>"
        )

    def _rows(self, camera: CameraState) -> str:
        rows = []
        for number, stream in enumerate(camera.streams):
            first = ""
            if number == 0:
                place = f"<small>{escape(camera.place)}</small>" if camera.place else ""
                kind = f"<small>{self.say('synthetic')}</small>" if camera.synthetic else ""
                first = f'<th scope="rowgroup" rowspan="{len(camera.streams)}">{escape(camera.name)}{place}{kind}</th>'
            link = f"/watch/{quote(camera.id)}/{quote(stream.name)}?lang={self.language}"
            label = self.say("watch_long", camera=camera.name, stream=self._words[stream.name])
            rows.append(
                f"<tr>{first}<td>{self.say(stream.name)}</td>"
                f"<td>{self._state(stream)}</td><td>{self._age(stream)}</td>"
                f'<td class="number">{bytes_text(stream.bytes, self.language)}</td>'
                f"<td>{self._gaps(stream.gaps, is_known=stream.state != 'unknown')}</td>"
                f'<td><a id="watch-{escape(camera.id)}-{escape(stream.name)}" href="{link}" aria-label="{label}">'
                f"{self.say('watch')}</a></td></tr>"
            )
        return "\n".join(rows)

    def _state(self, stream: StreamState) -> str:
        kind = {"recording": "fine", "disabled": "quiet", "connecting": "quiet", "starting": "quiet"}.get(
            stream.state, "alarm"
        )
        if stream.state == "gap":
            text = self.say("gap", why=self.why(stream.why)) if stream.why else self.say("gap_unknown")
        else:
            text = self.say(stream.state) if stream.state in self._words else escape(stream.state)
        detail = f'<small lang="en">{escape(stream.message)}</small>' if stream.message and kind != "fine" else ""
        return f'<span class="state {kind}">{text}</span>{detail}'

    def _age(self, stream: StreamState) -> str:
        if stream.age_s is None or stream.last_frame is None:
            return self.say("never")
        text = self.say("ago", age=age_text(stream.age_s, self.language))
        return f'<time datetime="{iso_from_ticks(stream.last_frame)}">{text}</time>'

    def _gaps(self, gaps: Sequence[GapState], most: int = MOST_GAPS, *, is_known: bool = True) -> str:
        if not gaps:
            return self.say("no_gaps" if is_known else "gaps_unknown")
        shown = sorted(gaps, key=lambda gap: gap.start, reverse=True)
        items = [self._gap(gap) for gap in shown[:most]]
        if len(shown) > most:
            items.append(f"<li>{self.say('more_gaps', n=len(shown) - most)}</li>")
        if not is_known:
            items.insert(0, f"<li>{self.say('gaps_unknown')}</li>")
        return f"<ul>{''.join(items)}</ul>"

    def _gap(self, gap: GapState) -> str:
        start = self.clock(gap.start)
        when = (
            self.say("since", start=start)
            if gap.end is None
            else self.say("until", start=start, end=self.clock(gap.end))
        )
        return f"<li>{when} {escape(self.why(gap.why))}</li>"

    def _summary(self, town: TownState) -> str:
        if town.is_fine:
            return self.say("all_fine") if town.cameras else ""
        if town.recorder == "down":
            return self.say("recorder_down")
        wrong = sum(not camera.is_fine for camera in town.cameras)
        return self.say("some_wrong", n=wrong, all=len(town.cameras))

    def _warnings(self, town: TownState) -> Iterable[str]:
        if town.ledger == "down":
            yield self.say("ledger_down")
        if town.ledger == "refused":
            yield self.say("ledger_refused", why=str(town.ledger_why))
        if town.keyring == "down":
            yield self.say("keyring_down")
        for what in town.all_alarms:
            yield self.say("alarm", what=what)
        if town.witnesses_away:
            yield self.say("witness_away", names=", ".join(town.witnesses_away))
        if town.keys_hours_left is not None and town.keys_hours_left < FEW_KEYS:
            yield self.say("keys_low", n=town.keys_hours_left)
        for root in town.roots:
            if root.get("state", "ok") != "ok":
                yield self.say("root_bad", id=str(root.get("id")), state=str(root.get("state")))

    def _disks(self, town: TownState) -> str:
        free = [root["free"] for root in town.roots if isinstance(root.get("free"), int)]
        texts = [self.say("disk_free", free=bytes_text(int(str(value)), self.language)) for value in free]
        days = [root["days_left"] for root in town.roots if root.get("days_left") is not None]
        texts += [self.say("disk_lasts", days=str(each)) for each in days]
        return "".join(f" · {text}" for text in texts)
