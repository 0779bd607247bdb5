# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from torrazzo.ledger.tiles import Tile, pack_entries, read_subtree, split_tile, tile_width

LEAVES = [leaf_hash(b"%d" % number) for number in range(700)]


def _subtree(level: int, index: int) -> bytes:
    return root_of(LEAVES[index << level : (index + 1) << level])


def _tile(level: int, number: int) -> bytes:
    """As a log of 700 entries has it: hashes of level 1 only of tiles that are full."""
    row = LEAVES if level == 0 else [root_of(LEAVES[at : at + 256]) for at in (0, 256)]
    return b"".join(row[number * 256 : (number + 1) * 256])


@pytest.mark.parametrize("index", [-1, 5])
def test_no_proof_is_made_for_an_entry_that_is_not_there(index: int) -> None:
    """An index outside the tree is an error that names both, not a proof of something else."""
    with pytest.raises(Invalid, match=f"entry {index} is not one of 5"):
        inclusion_proof(index, 5, _subtree)


def test_no_tree_shrinks() -> None:
    """From a larger tree to a smaller one there is no proof, made or accepted."""
    with pytest.raises(Invalid, match="from 6 entries to 5"):
        consistency_proof(6, 5, _subtree)
    with pytest.raises(Unproven, match="from 6 entries to 5"):
        verify_consistency(6, LEAVES[0], 5, LEAVES[0], [])


def test_a_tree_is_of_at_most_63_bits() -> None:
    """No root is made of a larger tree or of a negative one, and no proof of one accepted."""
    for size in (2**63, -1):
        with pytest.raises(Invalid, match="expected 0 to 9223372036854775807"):
            tree_root(size, _subtree)
    with pytest.raises(Unproven):
        verify_inclusion(LEAVES[0], 0, 2**63, [LEAVES[0]] * 63, LEAVES[0])
    with pytest.raises(Unproven):
        verify_consistency(1, LEAVES[0], 2**63, LEAVES[0], [LEAVES[0]] * 63)


def test_from_the_empty_tree_nothing_is_shown() -> None:
    """A log that starts sends no hashes; who would accept that as a proof accepts any root."""
    assert consistency_proof(0, 5, _subtree) == []
    assert tree_root(0, _subtree) == root_of([]) == EMPTY_ROOT
    with pytest.raises(Unproven):
        verify_consistency(0, EMPTY_ROOT, 5, root_of(LEAVES[:5]), [])


def test_an_inner_node_is_not_taken_for_an_entry() -> None:
    """Whoever logs the bytes of two hashes gets another leaf than their parent: leaves and nodes are hashed apart."""
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_an_error_names_the_root_found_and_the_one_expected() -> None:
    """Of a proof that leads elsewhere one sees where to, and where it should have led."""
    root = root_of(LEAVES[:3])
    with pytest.raises(Unproven, match=f"entry 2 of 3 leads to root [0-9a-f]{{64}}, expected {root.hex()}"):
        verify_inclusion(LEAVES[1], 2, 3, inclusion_proof(2, 3, _subtree), root)


def test_roots_and_proofs_are_read_from_tiles() -> None:
    """With tiles of two levels, the last ones narrow, every root and proof is that of the leaves."""

    def subtree(level: int, index: int) -> bytes:
        return read_subtree(level, index, _tile)

    for size in (1, 255, 256, 257, 512, 600, 700):
        assert tree_root(size, subtree) == root_of(LEAVES[:size])
        assert inclusion_proof(size - 1, size, subtree) == inclusion_proof(size - 1, size, _subtree)
        assert consistency_proof(size, 700, subtree) == consistency_proof(size, 700, _subtree)


def test_a_tile_that_is_too_short_is_damage() -> None:
    """A tile without the hashes that a tree of that size has is reported by its name, never made up for."""
    with pytest.raises(Damaged, match=r"tile/0/002: 31 bytes, expected 32"):
        read_subtree(0, 512, lambda *_: bytes(31))
    with pytest.raises(Damaged, match="33 bytes, expected 32"):
        split_tile(bytes(33), 1)


def test_a_log_of_700_has_these_tiles() -> None:
    """Two full tiles and one of 188 hashes below one of two; behind them there is none."""
    widths = {(level, number): tile_width(level, number, 700) for level in range(3) for number in range(4)}
    assert {place: width for place, width in widths.items() if width} == {
        (0, 0): 256,
        (0, 1): 256,
        (0, 2): 188,
        (1, 0): 2,
    }


def test_an_entry_has_at_most_65535_bytes() -> None:
    """One byte more than its length field can say is refused; what fits is written."""
    assert len(pack_entries([bytes(65_535)])) == 65_537
    with pytest.raises(Invalid, match="65536 bytes, at most 65535"):
        pack_entries([bytes(65_536)])


def test_a_partial_tile_and_its_full_one_do_not_share_a_name() -> None:
    """A tile that has become full is another file: both can be there at once."""
    assert [str(Tile(0, 2, width)) for width in (188, 256)] == ["tile/0/002.p/188", "tile/0/002"]
