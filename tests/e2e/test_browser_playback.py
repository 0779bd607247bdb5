# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Chromium shows of recordings, read back from its pixels."""

import bisect
import re
from collections.abc import Iterator

import pytest

from tests.tools.browser import Player, Seen, open_player
from tests.tools.page_seen import until
from tests.tools.recording import STREAM, Recording
from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback import PartName, VirtualFile, media_playlist, part_bytes, plan_clip
from torrazzo.testing import ClipSpec, make_clip

pytestmark = pytest.mark.browser

Answers = dict[str, tuple[str, bytes] | VirtualFile]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What the server gives, by path."""
    return {}


@pytest.fixture(scope="module")
def player(answers: Answers) -> Iterator[Player]:
    """One browser for all."""
    with open_player(answers) as opened:
        yield opened


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """24 s with B-frames, a gap of 20 s, 16 s more, then 12 s in another size."""
    made = Recording(tmp_path_factory.mktemp("recording"))
    small = make_clip(ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1))
    made.shoot(small, 24)
    made.gap(20)
    made.shoot(small, 16)
    made.shoot(make_clip(ClipSpec(width=480, height=360, b_frames=2, frames=100, tag=2)), 12)
    made.finish()
    return made


def serve(answers: Answers, made: Recording, span: Span) -> str:
    """The clip's path."""
    footage = made.footage()
    path = f"/{len(answers)}.mp4"
    answers[path] = VirtualFile(footage, plan_clip(footage, STREAM, span))
    return path


def span_of(made: Recording, start: float, end: float) -> Span:
    """Seconds after the recording's start."""
    return Span(UtcTicks(made.start + round(start * SECOND)), UtcTicks(made.start + round(end * SECOND)))


def number_at(made: Recording, utc: int) -> int:
    """The number of the picture that is to be seen at a moment: the last one shown before it."""
    shown = sorted((told.shown, told.number) for told in made.told)
    return shown[bisect.bisect_right(shown, utc, key=lambda pair: pair[0]) - 1][1]


def seen_number(seen: Seen) -> int:
    """It must be readable."""
    assert seen.label is not None
    return seen.label.number


def shows(player: Player, made: Recording, utc: int, seconds: float | None = None) -> Seen:
    """The picture of that moment, after a seek if one is said."""
    number = number_at(made, utc)
    seen = player.look(number) if seconds is None else player.seek(seconds, number)
    assert seen_number(seen) == number, seconds
    return seen


def test_a_clip_plays_across_a_gap_and_a_change_of_size(recording: Recording, player: Player, answers: Answers) -> None:
    """Right duration, right first picture at 0:00, and after each seek the picture of that moment."""
    span = span_of(recording, 5.4, 75)
    assert player.load(serve(answers, recording, span)) == pytest.approx(69.6, abs=0.001)
    assert player.run("v.currentTime") == 0
    shows(player, recording, span.start)
    for seconds in (1.02, 9.02, 0.5, 18.5, 25, 38.5, 38.62, 54.58, 54.62, 60.02, 66.5, 69, 0.02):
        utc = span.start + round(seconds * SECOND)
        seen = shows(player, recording, utc, seconds)
        assert seen.width == (480 if utc >= recording.start + 60 * SECOND else 320), seconds


def test_a_clip_runs_from_its_start(recording: Recording, player: Player, answers: Answers) -> None:
    """Played, it goes on by itself from 0:00, from within the first GOP."""
    player.load(serve(answers, recording, span_of(recording, 3, 20)))
    ran = player.run("(async () => { await v.play(); while (v.currentTime < 1) await painted(); v.pause(); })()")
    assert ran is None
    now = player.run("v.currentTime")
    number = number_at(recording, recording.start + round((3 + now) * SECOND))
    until(lambda: abs(seen_number(player.look()) - number) <= 3, f"not the picture {number}")


def test_a_clip_that_begins_in_a_gap_has_the_span_s_duration(
    recording: Recording, player: Player, answers: Answers
) -> None:
    """The empty start counts; the first picture comes at its own time."""
    span = span_of(recording, 34, 60)
    assert player.load(serve(answers, recording, span)) == pytest.approx(26, abs=0.001)
    for seconds in (10.02, 15.02, 25.5):
        shows(player, recording, span.start + round(seconds * SECOND), seconds)


@pytest.mark.parametrize(
    "spec",
    [
        ClipSpec(width=320, height=240, b_frames=3, open_gop=True, frames=150),
        ClipSpec(width=320, height=240, intra_refresh=True, frames=150),
        ClipSpec(width=320, height=240, slices=4, frames=150),
        ClipSpec(width=320, height=240, fps="5", gop=100, frames=100),
        ClipSpec(width=320, height=240, fps="50", b_frames=2, frames=200),
    ],
    ids=["open GOP", "intra refresh", "slices", "GOP of 20 s", "50 fps"],
)
def test_whatever_the_camera_sends_plays(
    spec: ClipSpec, player: Player, answers: Answers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A clip from within a GOP starts with the right picture and seeks to right ones."""
    made = Recording(tmp_path_factory.mktemp("recording"))
    made.shoot(make_clip(spec), 14)
    made.finish()
    span = span_of(made, 3.6, 13)
    assert player.load(serve(answers, made, span)) == pytest.approx(9.4, abs=0.001)
    shows(player, made, span.start)
    for seconds in (4.53, 8.93, 0.13):
        shows(player, made, span.start + round(seconds * SECOND), seconds)


def test_parts_of_a_playlist_play_through_media_source(recording: Recording, player: Player, answers: Answers) -> None:
    """Appended one after the other, HLS parts buffer exactly the recorded times, and show their pictures there."""
    footage = recording.footage()
    text = media_playlist(footage, STREAM, Span(recording.start, UtcTicks(recording.now)))
    names = re.findall(r"(?:init|seg)_[-\w]+\.\w+", text)
    for name in names:
        answers[f"/{name}"] = ("video/mp4", part_bytes(footage, STREAM, PartName.parse(name)))
    buffered = player.run(
        """async (names) => {
          const media = new MediaSource(), opened = new Promise((done) => media.addEventListener('sourceopen', done));
          v.src = URL.createObjectURL(media);
          await opened;
          const buffer = media.addSourceBuffer('video/mp4; codecs="avc1.64001f"');
          for (const name of names) {
            buffer.appendBuffer(await (await fetch('/' + name)).arrayBuffer());
            await new Promise((done) => buffer.addEventListener('updateend', done, {once: true}));
          }
          return Array.from({length: v.buffered.length}, (_, at) => [v.buffered.start(at), v.buffered.end(at)]);
        }""",
        names,
    )
    assert buffered == [[0, 24], [44, 72]]
    for seconds in (0.02, 9.98, 10.02, 23.5, 45.02, 60.02, 71.5):
        shows(player, recording, recording.start + round(seconds * SECOND), seconds)
