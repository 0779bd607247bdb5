# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second parser goes on where the first one stands, wherever that is, and whatever a camera sends."""

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.rtp_wire import Packetizer, frame
from torrazzo.base.errors import Invalid
from torrazzo.camera import AccessUnit, CameraError
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.following import Follower, pack_stand
from torrazzo.camera.native import make_scratch
from torrazzo.camera.rtp import Depacketizer
from torrazzo.camera.sdp import Track
from torrazzo.testing import ClipSpec, make_clip

SPECS = [
    ClipSpec(codec="h264", frames=40, gop=10, width=160, height=96, bitrate=60_000),
    ClipSpec(codec="h265", frames=40, gop=10, width=160, height=96, bitrate=60_000, b_frames=2),
    ClipSpec(codec="h264", frames=40, gop=10, width=160, height=96, bitrate=60_000, b_frames=2, slices=2),
]
SCRATCH = make_scratch()
SAID = b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"  # among the packets


def _sent(spec: ClipSpec, dice: random.Random, wounds: int, *, has_markers: bool) -> bytes:
    """What a camera puts into its connection, some of it lost, doubled, altered or out of order."""
    clip = make_clip(spec)
    maker = Packetizer(codec=spec.codec, most=dice.choice([100, 1_400]), has_markers=has_markers)
    begin = dice.choice([7, 0xFFFF_FFFF - 20 * clip.interval])
    packets = [
        bytearray(packet)
        for unit in clip.units
        for packet in maker.picture(unit.nals, (begin + unit.pts) & 0xFFFF_FFFF)
    ]
    for _ in range(wounds):
        at = dice.randrange(len(packets))
        match dice.randrange(4):
            case 0:
                del packets[at]
            case 1:
                packets.insert(at, bytearray(packets[at]))
            case 2:
                packets[at][dice.randrange(len(packets[at]))] ^= 1 << dice.randrange(8)
            case _:
                packets[at], packets[-1] = packets[-1], packets[at]
    parts = [frame(bytes(packet)) for packet in packets]
    parts.insert(dice.randrange(len(parts)), SAID)
    parts.insert(dice.randrange(len(parts)), frame(b"\x80\xc8" + bytes(26), 1))
    return b"".join(parts)


def _read(parser: Follower, data: bytes, dice: random.Random, cuts: int) -> list[AccessUnit]:
    edges = [0, *sorted(dice.randrange(len(data) + 1) for _ in range(cuts)), len(data)]
    return [unit for a, b in pairwise(edges) for unit in parser.take(data[a:b], 0)]


@given(st.sampled_from(SPECS), st.randoms(use_true_random=False), st.integers(0, 8), st.booleans())
def test_it_gives_what_the_first_one_gives(spec: ClipSpec, dice: random.Random, wounds: int, has_markers: bool) -> None:
    """Handed over anywhere, in the middle of a packet or of a picture: the same pictures, with the same times."""
    track = Track(0, spec.codec, 96, 90_000, None, make_clip(spec).parameter_sets)
    assembler = Assembler(spec.codec, track.parameter_sets)
    packets = Depacketizer(spec.codec, 96, 90_000, (0, 1), assembler)
    data = _sent(spec, dice, wounds, has_markers=has_markers)
    first = Follower(pack_stand(track, (0, 1), packets, assembler, b""), SCRATCH)
    cut = dice.randrange(len(data) + 1)
    try:
        _read(first, data[:cut], dice, 3)
    except CameraError:
        return  # an altered length: what follows is no stream any more
    second = Follower(pack_stand(track, (0, 1), first._packets, first._assembler, first._rest), SCRATCH)
    outcomes: list[list[AccessUnit] | str] = []
    for parser in (first, second):
        try:
            outcomes.append(_read(parser, data[cut:], dice, 0))
        except CameraError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("wrong", [b"", b"{}", b"[]", b'{"codec":"h264"}', b"\xff"])
def test_what_is_no_stand_is_refused(wrong: bytes) -> None:
    """With one kind of error."""
    with pytest.raises(Invalid):
        Follower(wrong, SCRATCH)


@given(st.sampled_from(SPECS[:2]))
def test_a_stand_without_one_of_its_parts_is_refused(spec: ClipSpec) -> None:
    """Nothing is guessed."""
    track = Track(0, spec.codec, 96, 90_000, None, ())
    assembler = Assembler(spec.codec, ())
    whole = json.loads(
        pack_stand(track, (0, 1), Depacketizer(spec.codec, 96, 90_000, (0, 1), assembler), assembler, b"")
    )
    for part in whole:
        with pytest.raises(Invalid):
            Follower(json.dumps({name: value for name, value in whole.items() if name != part}).encode(), SCRATCH)
