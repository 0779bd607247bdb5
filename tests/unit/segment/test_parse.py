# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import struct

import pytest

from tests.unit.codec.streams import A_FRAME, assemble, moments_of
from torrazzo.base.errors import Damaged
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.boxes import box
from torrazzo.segment.fmp4 import fragment, init_segment
from torrazzo.testing import ClipSpec, make_clip

SPECS = [
    ClipSpec(width=320, height=180, frames=36, gop=12, b_frames=3),
    ClipSpec(codec="h265", width=320, height=180, frames=36, gop=12, b_frames=4, open_gop=True),
]


@pytest.mark.parametrize("spec", SPECS, ids=["h264", "h265"])
def test_what_is_written_is_read_back(spec: ClipSpec) -> None:
    """An init gives back codec, size and parameter sets; a fragment gives back each sample and where its bytes lie."""
    clip = make_clip(spec)
    units = assemble(clip.codec, moments_of(clip))
    init = init_segment(units[0].format)
    found = parse_init(init)
    assert found[:4] == (clip.codec, 320, 180, clip.parameter_sets)
    assert found.sample_entry in init
    data = b"".join(fragment(1, 500, units, units[-1].dts + A_FRAME))
    samples = parse_fragment(data)
    first = units[0].dts - 500
    assert [(s.dts, s.pts, s.is_key) for s in samples] == [(u.dts - first, u.pts - first, u.is_key) for u in units]
    assert [data[s.offset : s.offset + s.size] for s in samples] == [unit.data for unit in units]
    assert {sample.duration for sample in samples} == {A_FRAME}


def test_boxes_of_later_versions_are_passed_over() -> None:
    """A box that this version does not know changes nothing, wherever it stands."""
    units = assemble("h264", moments_of(make_clip(SPECS[0])))
    init = init_segment(units[0].format)
    data = b"".join(fragment(1, 0, units, units[-1].dts + A_FRAME))
    new = box(b"newb", b"later")
    assert parse_init(new + init + new) == parse_init(init)
    assert [sample.offset - len(new) for sample in parse_fragment(shifted(new + data, len(new), 0))] == [
        sample.offset for sample in parse_fragment(data)
    ]


def shifted(data: bytes, by: int, at: int) -> bytes:
    """A fragment behind `by` bytes, with the data offset that counts from the file's start."""
    place = data.index(b"trun", at) + 12
    (offset,) = struct.unpack_from(">I", data, place)
    return data[:place] + struct.pack(">I", offset + by) + data[place + 4 :]


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b"mfhd", None),
        (b"tfhd\x00\x02", b"tfhd\x00\x00"),
        (b"tfdt\x01", b"tfdt\x00"),
        (b"trun\x01", b"trun\x00"),
        (b"\x02\x00\x00\x00\x00\x00", b"\x03\x00\x00\x00\x00\x00"),
        (b"traf", b"tra_"),
        (b"mdat", b"mda_"),
        (b"moof", b"moo_"),
    ],
)
def test_a_fragment_of_another_kind_is_refused(found: bytes, instead: bytes | None) -> None:
    """Whatever version 1 does not write where it matters is damage, and the error says where."""
    units = assemble("h264", moments_of(make_clip(SPECS[0])))
    data = b"".join(fragment(1, 0, units, units[-1].dts + A_FRAME))
    assert found in data
    if instead is None:
        assert parse_fragment(data.replace(found, b"mfh_", 1))  # its number is nothing to rely on
        return
    with pytest.raises(Damaged):
        parse_fragment(data.replace(found, instead, 1))


def test_each_cut_is_noticed() -> None:
    """An init or fragment cut anywhere, or with a byte too many, is damage."""
    units = assemble("h265", moments_of(make_clip(SPECS[1])))[:3]
    init = init_segment(units[0].format)
    data = b"".join(fragment(1, 0, units, units[-1].dts + A_FRAME))
    for at in range(len(init)):
        with pytest.raises(Damaged):
            parse_init(init[:at])
    for at in [*range(200), *range(200, len(data), 97)]:
        with pytest.raises(Damaged):
            parse_fragment(data[:at])
    for parse, whole in ((parse_init, init), (parse_fragment, data)):
        with pytest.raises(Damaged):
            parse(whole + b"\0")
