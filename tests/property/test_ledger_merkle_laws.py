# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs of trees of any size, held against the recursive definitions of RFC 9162."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

SIZES = st.one_of(st.integers(1, 40), st.integers(1, 600))
HUGE = st.one_of(
    st.integers(1, 2**63 - 1), st.builds(lambda bit, by: max(1, 2**bit + by), st.integers(0, 62), st.integers(-3, 3))
)


def mth(leaves: Sequence[bytes]) -> bytes:
    """Section 2.1.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = 2 ** ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 2 ** ((len(leaves) - 1).bit_length() - 1)
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """Section 2.1.4.1."""
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = 2 ** ((len(leaves) - 1).bit_length() - 1)
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


class Tree:
    """So many leaves, all different, and how often a subtree was read."""

    def __init__(self, size: int) -> None:
        self.leaves = [leaf_hash(b"%d" % number) for number in range(size)]
        self.reads = 0

    def subtree(self, level: int, index: int) -> bytes:
        """A complete one, or the test fails."""
        self.reads += 1
        found = self.leaves[index << level : (index + 1) << level]
        assert len(found) == 1 << level
        return mth(found)


@settings(max_examples=150, deadline=None)
@given(SIZES, st.data())
def test_roots_and_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    """Root, inclusion and consistency proof are the RFC's, hash by hash, and hold."""
    tree = Tree(size)
    root = mth(tree.leaves)
    assert root_of(tree.leaves) == tree_root(size, tree.subtree) == root
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tree.subtree)
    assert proof == path(index, tree.leaves)
    verify_inclusion(tree.leaves[index], index, size, proof, root)
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, tree.subtree)
    assert proof == subproof(old, tree.leaves, True)
    verify_consistency(old, mth(tree.leaves[:old]), size, root, proof)


@settings(max_examples=150, deadline=None)
@given(HUGE, st.data())
def test_proofs_of_huge_trees_are_short_and_hold(size: int, data: st.DataObject) -> None:
    """With up to 2^63 - 1 entries no root or proof reads more than 126 subtrees, or has more than 63 hashes."""
    rows = [leaf_hash(b"the same everywhere")]
    for _ in range(63):
        rows.append(node_hash(rows[-1], rows[-1]))
    read: list[int] = []

    def subtree(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size
        read.append(level)
        return rows[level]

    root = tree_root(size, subtree)
    assert len(read) <= 63
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    old_root = tree_root(old, subtree)
    read.clear()
    proof = inclusion_proof(index, size, subtree)
    assert len(read) <= 126
    assert len(proof) <= 63
    verify_inclusion(rows[0], index, size, proof, root)
    read.clear()
    proof = consistency_proof(old, size, subtree)
    assert len(read) <= 126
    assert len(proof) <= 64
    verify_consistency(old, old_root, size, root, proof)


def _changed(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """A hash flipped in one bit, left out, doubled or added."""
    at = data.draw(st.integers(0, len(proof)))
    if at == len(proof):
        return [*proof, data.draw(st.binary(min_size=32, max_size=32))]
    value = int.from_bytes(proof[at], "big") ^ 1 << data.draw(st.integers(0, 255))
    instead = data.draw(st.sampled_from([[value.to_bytes(32, "big")], [], [proof[at], proof[at]], [proof[at][:31]]]))
    return [*proof[:at], *instead, *proof[at + 1 :]]


@settings(max_examples=200, deadline=None)
@given(SIZES, st.data())
def test_any_change_of_a_proof_fails(size: int, data: st.DataObject) -> None:
    """With another hash, leaf, index or root an inclusion proof fails; with another hash or root one of consistency."""
    tree = Tree(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaf, root, old_root = tree.leaves[index], mth(tree.leaves), mth(tree.leaves[:old])
    included, grown = inclusion_proof(index, size, tree.subtree), consistency_proof(old, size, tree.subtree)
    stranger = data.draw(st.binary(max_size=40).filter(lambda value: value not in {leaf, root, old_root}))
    other = data.draw(st.integers(-2, size + 2).filter(lambda number: number != index))
    for args in (
        (leaf, index, size, _changed(included, data), root),
        (stranger, index, size, included, root),
        (leaf, index, size, included, stranger),
        (leaf, other, size, included, root),
    ):
        with pytest.raises(Unproven):
            verify_inclusion(*args)
    for more in (
        (old, old_root, size, root, _changed(grown, data)),
        (old, stranger, size, root, grown),
        (old, old_root, size, stranger, grown),
    ):
        with pytest.raises(Unproven):
            verify_consistency(*more)
