# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import google_crc32c
import pytest

from tests.tools.tape import NODE, START, camera
from torrazzo.archive.header import End, VolumeHeader
from torrazzo.archive.record import (
    HEADER_SIZE,
    NO_HASH,
    RecordHeader,
    is_intact,
    parse_header,
    split_headers,
)
from torrazzo.archive.summary import Held, Summary, parse_summary
from torrazzo.base import TermId
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import RootId
from torrazzo.base.times import BootNs, UtcTicks

ID = bytes(range(16))
TERM = TermId(NODE, 17, START)
HEADER = RecordHeader(
    2, 1, 5, 64, camera(0x3F9A1C0E5B7D2264, "sub"), TERM, 7, 1, 25, 10, 11, 12, 13, 14, 15, b"h" * 32, b"c" * 32, 3
)


def test_crc_is_castagnoli() -> None:
    """The check value of the specification."""
    assert google_crc32c.value(b"123456789") == 0xE3069283


def test_a_header_round_trips() -> None:
    """176 bytes that give back every field."""
    data = HEADER.pack(ID)
    assert len(data) == HEADER_SIZE
    assert parse_header(data, ID) == HEADER
    assert HEADER.end == 64 + 176 + 5


@pytest.mark.parametrize("at", range(0, HEADER_SIZE, 5))
def test_a_flipped_bit_is_seen(at: int) -> None:
    """Any changed byte, and another volume's id, make the header foreign."""
    data = bytearray(HEADER.pack(ID))
    assert not is_intact(bytes(data), bytes(16))
    data[at] ^= 1
    assert not is_intact(bytes(data), ID)
    with pytest.raises(Invalid):
        parse_header(bytes(data), ID)


def test_a_longer_header_is_read() -> None:
    """A later version's longer header gives the fields we know, and its payload is found behind it."""
    body = bytearray(HEADER.pack(ID)[:172])
    body[6:8] = (200).to_bytes(2)
    data = bytes(body) + google_crc32c.value(ID + bytes(body)).to_bytes(4) + bytes(24)
    header = parse_header(data, ID)
    assert (header.header_length, header.payload_offset, header.n) == (200, 264, 7)
    assert [len(each) for each in split_headers(data + HEADER.pack(ID))] == [200, 176]


def test_an_unknown_stream_number_is_no_error() -> None:
    """A stream number of a later version reads as a record of no stream that we know."""
    body = bytearray(HEADER.pack(ID)[:172])
    body[28] = 9
    header = parse_header(bytes(body) + google_crc32c.value(ID + bytes(body)).to_bytes(4), ID)
    assert (header.stream, header.term, header.kind) == (None, None, 2)


@pytest.mark.parametrize("cut", [1, 100, 177])
def test_headers_that_do_not_fit_are_refused(cut: int) -> None:
    """An index that ends within a header, or whose lengths are impossible, is bad as a whole."""
    with pytest.raises(Invalid):
        list(split_headers((HEADER.pack(ID) * 2)[:cut]))
    broken = bytearray(HEADER.pack(ID))
    broken[6:8] = b"\0\0"
    with pytest.raises(Invalid):
        list(split_headers(broken))


def test_volume_header_and_name() -> None:
    """Header, id and name say the same and round-trip; the name's creation is unknown."""
    header = VolumeHeader(NODE, RootId(0x0B51F00D), 17, 3, 499_222, "standard", UtcTicks(START), BootNs(5))
    assert header.name == "2026121322-standard-7f3a91c2-0b51f00d-00000011-00000003.vol"
    assert VolumeHeader.unpack(header.pack()) == header
    assert VolumeHeader.from_name(header.name) == header._replace(utc=UtcTicks(0), boot_ns=BootNs(0))
    for flaw in (header.pack()[:63], b"X" + header.pack()[1:], header.pack()[:60] + bytes(4)):
        with pytest.raises(Invalid):
            VolumeHeader.unpack(flaw)
    with pytest.raises(Invalid, match="class"):
        header._replace(retention_class="Standard").pack()


@pytest.mark.parametrize(
    "name", ["", "x.vol", "2026993322-standard-7f3a91c2-0b51f00d-00000011-00000003.vol", "root.json"]
)
def test_foreign_names_are_refused(name: str) -> None:
    """Names that are no volume's."""
    with pytest.raises(Invalid):
        VolumeHeader.from_name(name)


def test_end_round_trips() -> None:
    """32 bytes bound to the volume."""
    end = End(1_000, 5, 236)
    assert End.unpack(end.pack(ID), ID) == end
    for flaw, volume_id in ((end.pack(ID), bytes(16)), (end.pack(ID)[1:], ID), (bytes(32), ID)):
        with pytest.raises(Invalid):
            End.unpack(flaw, volume_id)


def test_summary_keeps_the_last_fact_and_the_span() -> None:
    """The highest n counts, whatever the order; keys alone leave no entry; bytes round-trip."""
    summary = Summary()
    who = (camera(1), TERM)
    summary.add(1, camera(2), TERM, 0, 0, 9, 64)
    summary.add(2, *who, 4, 100, 200, 300)
    summary.add(3, *who, 4, 50, 90, 400)
    summary.add(3, *who, 3, 100, 250, 500)
    summary.add_header(HEADER._replace(stream=None, term=None))
    assert summary.held() == parse_summary(summary.pack()) == {who: Held(4, 400, 50, 250)}
    with pytest.raises(Invalid):
        parse_summary(summary.pack()[1:])
    assert parse_summary(b"\xff" * 12 + bytes(48)) == {}


def test_nothing_else_claims_hashes() -> None:
    """Kinds without h have zeros there."""
    header = RecordHeader.of_payload(6, 64, b"abc")
    assert (header.h, header.stream, header.payload_length) == (NO_HASH, None, 3)
    assert parse_header(header.pack(ID), ID) == header
