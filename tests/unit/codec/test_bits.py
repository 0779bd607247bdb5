# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from torrazzo.camera.codec.bits import BadBits, BitReader, rbsp


def test_exp_golomb_numbers_are_those_of_the_standards_table() -> None:
    """Codes of H.264 table 9-2 read as the numbers beside them, signed ones as in table 9-3."""
    table = ["1", "010", "011", "00100", "00101", "00110", "00111", "0001000", "0001001", "0001010"]
    code = "".join(table)
    data = int(code.ljust(-(-len(code) // 8) * 8, "0"), 2).to_bytes(-(-len(code) // 8), "big")
    bits = BitReader(data)
    assert [bits.ue() for _ in table] == list(range(10))
    bits = BitReader(data)
    assert [bits.se() for _ in table] == [0, 1, -1, 2, -2, 3, -3, 4, -4, 5]


def test_the_largest_exp_golomb_number_reads_and_a_longer_one_does_not() -> None:
    """32 leading zero bits are the most that a code may have."""
    largest = (1 << 33) - 1  # 32 zeros, then 33 ones
    assert BitReader((largest << 7).to_bytes(9, "big")).ue() == (1 << 33) - 2
    with pytest.raises(BadBits, match="zero bits"):
        BitReader(bytes(5) + b"\xff" * 8).ue()


def test_fixed_numbers_cross_bytes_and_stop_at_the_end() -> None:
    """Bits are read most significant first, and never past the end."""
    bits = BitReader(b"\x00\xab\xcd\xef", 1)
    assert (bits.u(4), bits.u(12), bits.u(3)) == (0xA, 0xBCD, 0x7)
    bits.skip(5)
    for read in (lambda: bits.u(1), bits.flag, bits.ue, lambda: bits.skip(1)):
        with pytest.raises(BadBits, match="the end of 4 bytes"):
            read()


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ("000003", "0000"),
        ("00000301", "000001"),
        ("000003000003", "00000000"),
        ("0000030003", "00000003"),
        ("010003", "010003"),
    ],
)
def test_emulation_prevention_bytes_go_and_no_others(coded: str, plain: str) -> None:
    """A 03 after two zero bytes is taken out; the zeros before it don't count for the next one."""
    assert rbsp(bytes.fromhex(coded)).hex() == plain
