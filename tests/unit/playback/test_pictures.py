# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frame of a moment, and the process that decodes it."""

import io
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.tools.recording import STREAM, Recording
from torrazzo.base import Span, SystemClock
from torrazzo.base.errors import Damaged
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback import Footage, pictures
from torrazzo.playback.frames import Coded, NothingThere, coded_at, key_at
from torrazzo.playback.pictures import Busy, Pictures, Undecodable
from torrazzo.testing import ClipSpec, make_clip


@pytest.fixture
def decoder() -> Iterator[Pictures]:
    made = Pictures(SystemClock())
    yield made
    made.close()


def test_each_moment_has_the_frame_that_was_shown(recording: Recording, footage: Footage) -> None:
    """At a frame's first tick, and at the last before the next one, it is that frame; in a gap there is none."""
    told = sorted(each.shown for each in recording.told)
    for t, following in list(pairwise(told))[::37]:
        assert coded_at(footage, STREAM, t).t == t
        if following - t < SECOND:
            assert coded_at(footage, STREAM, following - 1).t == t
    with pytest.raises(NothingThere):
        coded_at(footage, STREAM, recording.start + 30 * SECOND)


def test_a_frame_comes_with_what_it_refers_to(recording: Recording, footage: Footage) -> None:
    """From a key frame on, in order of decoding, and no more: the last packet is the frame itself."""
    told = sorted(recording.told)
    for each in told[50:80]:
        coded = coded_at(footage, STREAM, each.shown)
        assert coded.packets[-1].endswith(each.unit.data)
        assert (len(coded.packets) == 1) == each.unit.is_key


def test_a_segment_that_continues_another_begins_in_that(tmp_path: Path, decoder: Pictures) -> None:
    """A GOP longer than a segment: its frame is decoded from the key frame of a segment before."""
    made = Recording(tmp_path / "town")
    made.shoot(make_clip(ClipSpec(width=160, height=96, frames=1_000, gop=1_000)), 38)
    made.finish()
    footage = made.footage()
    last = max(made.told)
    coded = coded_at(footage, STREAM, last.shown)
    assert (coded.t, len(coded.packets) > 300) == (last.shown, True)
    assert decoder.still(coded).width == 160
    footage.close()


def test_a_damaged_reference_is_no_picture(tmp_path: Path) -> None:
    """Where a fragment before the frame can't be read there is no still of rubbish, but an error that says so."""
    made = Recording(tmp_path / "town")
    made.shoot(make_clip(ClipSpec(width=160, height=96, frames=200, gop=100)), 12)
    made.finish()
    footage = made.footage()
    row = footage.segments(STREAM, Span(made.start, UtcTicks(made.now)))[0]
    made.spoil(row, 2)
    footage.close()
    footage = made.footage()
    with pytest.raises(Damaged):
        coded_at(footage, STREAM, made.start + 3 * SECOND)
    assert coded_at(footage, STREAM, made.start + SECOND // 2).packets
    assert key_at(footage, STREAM, made.start + 3 * SECOND).packets
    footage.close()


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_pictures_of_both_codecs(tmp_path: Path, decoder: Pictures, codec: str) -> None:
    """A still has the size of its stream, a thumbnail the one that was asked for, and never a larger one."""
    made = Recording(tmp_path / "town")
    made.shoot(make_clip(ClipSpec(codec=codec, width=320, height=240, frames=50)), 4)
    made.finish()
    footage = made.footage()
    coded = coded_at(footage, STREAM, made.start + SECOND)
    for picture, size in (
        (decoder.still(coded), (320, 240)),
        (decoder.thumbnail(key_at(footage, STREAM, made.start + SECOND), 160), (160, 120)),
        (decoder.thumbnail(coded, 640), (320, 240)),
    ):
        with av.open(io.BytesIO(picture.data), "r", format="mjpeg") as container:
            frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == (picture.width, picture.height) == size
    footage.close()


# -- what is hostile


HOSTILE = [
    (b"",),
    (b"\x00\x00\x00\x05\x65abcd",),
    (b"\xff\xff\xff\xff" + b"\x65" * 64,),
    (os.urandom(5_000), os.urandom(5_000)),
    (b"\x00\x00\x00\x10" + b"\x67" + b"\xff" * 15, b"\x00\x00\x00\x20" + b"\x65" + b"\x00" * 31),
]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("packets", HOSTILE, ids=range(len(HOSTILE)))
def test_rubbish_is_no_picture(
    decoder: Pictures, recording: Recording, footage: Footage, codec: str, packets: tuple[bytes, ...]
) -> None:
    """What no decoder takes is `Undecodable`, and the next picture comes all the same."""
    with pytest.raises(Undecodable):
        decoder.still(Coded(codec, (b"\x67abc",), packets, 0))
    assert decoder.still(coded_at(footage, STREAM, recording.start)).data[:2] == b"\xff\xd8"


def test_a_decoder_that_dies_takes_nobody_with_it(decoder: Pictures, recording: Recording, footage: Footage) -> None:
    """Killed by what it decodes, it is replaced; only that picture is lost."""
    coded = coded_at(footage, STREAM, recording.start)
    decoder.still(coded)
    os.kill(decoder._idle[0]._process.pid, signal.SIGKILL)
    with pytest.raises(Undecodable):
        decoder.still(coded)
    assert decoder.still(coded).width == 320


def test_a_decoder_that_hangs_is_killed(
    decoder: Pictures, recording: Recording, footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that gives no answer in time is ended, and another one decodes."""
    coded = coded_at(footage, STREAM, recording.start)
    decoder.still(coded)
    worker = decoder._idle[0]._process
    os.kill(worker.pid, signal.SIGSTOP)
    monkeypatch.setattr(pictures, "TIMEOUT_S", 0.2)
    with pytest.raises(Undecodable):
        decoder.still(coded)
    assert worker.returncode == -signal.SIGKILL
    monkeypatch.setattr(pictures, "TIMEOUT_S", 60)
    assert decoder.still(coded).width == 320


def test_a_decoder_has_no_files_and_little_memory(decoder: Pictures, recording: Recording, footage: Footage) -> None:
    """It may write no file and dump no core, has an empty environment, and holds nothing open but its pipes."""
    decoder.still(coded_at(footage, STREAM, recording.start))
    proc = Path("/proc") / str(decoder._idle[0]._process.pid)
    lines = (proc / "limits").read_text().splitlines()[1:]
    limits = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert limits["Max address space"] != "unlimited"
    assert (proc / "environ").read_bytes() == b""
    opened = {str(each.readlink()) for each in (proc / "fd").iterdir()}
    assert all(each.startswith("pipe:") or each == "/dev/null" for each in opened), opened


def test_more_than_can_be_decoded_is_refused(
    decoder: Pictures, recording: Recording, footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue that is full says so at once."""
    monkeypatch.setattr(pictures, "WAITING", 0)
    with pytest.raises(Busy):
        decoder.still(coded_at(footage, STREAM, recording.start))


def test_decoders_end_when_nobody_needs_them(
    decoder: Pictures, recording: Recording, footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that had nothing to do for a minute is ended."""
    decoder.still(coded_at(footage, STREAM, recording.start))
    worker = decoder._idle[0]._process
    decoder.tend()
    assert worker.poll() is None
    monkeypatch.setattr(pictures, "IDLE_NS", -1)
    decoder.tend()
    assert worker.poll() is not None
