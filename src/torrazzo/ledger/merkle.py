# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree of RFC 6962 (RFC 9162 section 2.1): roots, proofs, and their verification.

A *complete subtree* (level, index) has the 2^level leaves from index · 2^level on. Whoever keeps a tree gives a
callback that reads the hash of one; a root or proof then reads at most 126 of them, whatever the size.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from torrazzo.base.errors import Invalid
from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.text import HASH_LENGTH, MAX_NUMBER

Subtree: TypeAlias = Callable[[int, int], bytes]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over all these leaves (their hashes, not their entries), or over complete subtrees of one level."""
    row = list(leaves)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        odd = [row[-1]] if len(row) % 2 else []
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def tree_root(size: int, subtree: Subtree) -> bytes:
    """The root of the tree's first `size` leaves."""
    _check_size(size)
    return _range_hash(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162 section 2.1.3.1: the leaf's sibling first, the root's child last."""
    _check_size(size)
    if not 0 <= index < size:
        raise Invalid(f"inclusion proof: entry {index} is not one of {size}")
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, subtree))
            high = middle
        else:
            path.append(_range_hash(low, middle, subtree))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162 section 2.1.4.1; empty if `old` is 0 or `new`: there is nothing to show then."""
    _check_size(new)
    if not 0 <= old <= new:
        raise Invalid(f"consistency proof: from {old} entries to {new}, expected to grow")
    if old in {0, new}:
        return []
    path = []
    low, high = 0, new
    while high != old:  # until [low, high) ends where the old tree ends
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_hash(middle, high, subtree))
            high = middle
        else:
            path.append(_range_hash(low, middle, subtree))
            low = middle
    if low:  # else it is the whole old tree, whose root the verifier has
        path.append(_range_hash(low, high, subtree))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raises `Unproven` unless `leaf` is number `index` of the tree of this size and root (RFC 9162 section 2.1.3.2).

    1. The index is in the tree, and the path has as many hashes as there are steps up from it. 2. Each of them, left or
    right of what is below, gives the next node. 3. The last one is the root.
    """
    _check_hashes((leaf, root, *path))
    if not 0 <= index < size <= MAX_NUMBER:  # 1
        raise Unproven(f"inclusion proof: no tree of {size} entries has an entry {index}")
    sides = _sides(index, size - 1)
    if len(path) != len(sides):
        raise Unproven(f"inclusion proof: {len(path)} hashes, expected {len(sides)} for entry {index} of {size}")
    found = leaf
    for is_left, sibling in zip(sides, path, strict=True):  # 2
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found != root:  # 3
        raise Unproven(f"inclusion proof: entry {index} of {size} leads to root {found.hex()}, expected {root.hex()}")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raises `Unproven` unless the new tree begins with the whole old one (RFC 9162 section 2.1.4.2).

    1. The old tree is not empty (from that one nothing follows), and not larger. 2. Trees of one size need the same
    root and no hashes. 3. The way up begins at the last of the complete subtrees of which the old tree is made: the old
    root itself if there is one only, else the path's first hash. 4. Each further hash gives the next node of the new
    tree, and of the old one where it stands left. 5. The last ones are the two roots.
    """
    _check_hashes((old_root, new_root, *path))
    if not 0 < old <= new <= MAX_NUMBER:  # 1
        raise Unproven(f"consistency proof: none leads from {old} entries to {new}")
    if old == new:  # 2
        if path or old_root != new_root:
            raise Unproven(f"consistency proof: two trees of {old} entries need the same root and no hashes")
        return
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    hashes = [*path] if place else [old_root, *path]  # 3
    sides = _sides(place, last)
    if len(hashes) != 1 + len(sides):
        raise Unproven(f"consistency proof: {len(path)} hashes do not lead from {old} entries to {new}")
    found_old = found_new = hashes[0]
    for is_left, sibling in zip(sides, hashes[1:], strict=True):  # 4
        if is_left:
            found_old = node_hash(sibling, found_old)
        found_new = node_hash(sibling, found_new) if is_left else node_hash(found_new, sibling)
    for size, found, root in ((old, found_old, old_root), (new, found_new, new_root)):  # 5
        if found != root:
            raise Unproven(f"consistency proof: leads to root {found.hex()} of {size} entries, expected {root.hex()}")


def _sides(place: int, last: int) -> list[bool]:
    """For each sibling on the way up from node `place` of a row that ends at `last`: whether it stands on the left.

    The last node of a row has none on its right: if it is no right one itself, it moves up unchanged.
    """
    sides = []
    while last:
        if place % 2 or place < last:
            sides.append(place % 2 == 1)
        place, last = place >> 1, last >> 1
    return sides


def _range_hash(low: int, high: int, subtree: Subtree) -> bytes:
    """The hash over leaves [low, high); low is a multiple of a power of two that is not below high - low."""
    size, end = high - low, high
    found: bytes | None = None
    for level in range(size.bit_length()):
        if size >> level & 1:  # its complete subtrees from the right, the smallest first
            end -= 1 << level
            left = subtree(level, end >> level)
            found = left if found is None else node_hash(left, found)
    assert found is not None, "no range is empty"
    return found


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_NUMBER:
        raise Invalid(f"tree of {size} entries: expected 0 to {MAX_NUMBER}")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_LENGTH:
            raise Unproven(f"proof: a hash of {len(value)} bytes, expected {HASH_LENGTH}")
