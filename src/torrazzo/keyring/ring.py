# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ring: private keys as values, and what can be opened with them."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from torrazzo.base.errors import Damaged, Invalid, KeyGone
from torrazzo.base.ids import StreamId, TermId
from torrazzo.keyring.document import base64_text, compact, expect_bytes, expect_names, expect_object, parse_object
from torrazzo.keyring.public import KeyName, PublicKeys
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.seal import segment_key
from torrazzo.seal.envelope import SUITE, seal_info

RING_LIMIT = 64 << 20  # about 300,000 keys

_SEED = 64
_X25519 = 32


class PrivateKey:
    """One pair's private half: ML-KEM-768 seed (d ‖ z, FIPS 203) and X25519 scalar; its `repr` shows neither."""

    __slots__ = ("seed", "x25519")

    def __init__(self, seed: bytes, x25519: bytes) -> None:
        if len(seed) != _SEED or len(x25519) != _X25519:
            raise Invalid(f"private key: {len(seed)} and {len(x25519)} bytes, expected {_SEED} and {_X25519}")
        self.seed = seed
        self.x25519 = x25519

    def __repr__(self) -> str:
        return "PrivateKey(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PrivateKey) and (self.seed, self.x25519) == (other.seed, other.x25519)

    def __hash__(self) -> int:
        return hash((self.seed, self.x25519))

    @classmethod
    def draw(cls) -> "PrivateKey":
        """A new one."""
        return cls(secrets.token_bytes(_SEED), secrets.token_bytes(_X25519))

    def public(self) -> bytes:
        """Its public half, 1,216 bytes."""
        mlkem, x25519 = self._parts()
        return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """What was sealed to the public half under the same info; raises `InvalidTag` or `ValueError`."""
        return SUITE.decrypt(sealed, MLKEM768X25519PrivateKey(*self._parts()), info)

    def _parts(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        return MLKEM768PrivateKey.from_seed_bytes(self.seed), X25519PrivateKey.from_private_bytes(self.x25519)


@dataclass(frozen=True, slots=True)
class Ring:
    """All living private keys. Who takes one out of this value has destroyed nothing: `RingStore.shred` does."""

    keys: Mapping[KeyName, PrivateKey]

    def with_drawn(self, names: Iterable[KeyName]) -> "Ring":
        """A ring that has a new key for each of these names as well; one that exists is never replaced."""
        drawn = {name: PrivateKey.draw() for name in names if name not in self.keys}
        return Ring({**self.keys, **drawn})

    def without(self, names: Iterable[KeyName]) -> "Ring":
        """A ring that no longer has these keys; raises `Invalid` if it has one of them not."""
        gone = set(names)
        if unknown := sorted(gone - self.keys.keys()):
            raise Invalid(f"{unknown[0]}: not in the ring; it was erased before, or never drawn")
        return Ring({name: key for name, key in self.keys.items() if name not in gone})

    def root(self) -> bytes:
        """RFC 6962 root over the commitments to the keys, by name: says which keys there are, and tells none."""
        return root_of(leaf_hash(commitment(name, self.keys[name].public())) for name in sorted(self.keys))

    def public_keys(self, hours: range) -> PublicKeys:
        """The public halves of these hours."""
        return {name: key.public() for name, key in self.keys.items() if name.hour in hours}

    def segment_keys(
        self, sealed: bytes, stream: StreamId, term: TermId, name: KeyName, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """Open K and derive the keys of these segments; K itself goes no further.

        Raises `KeyGone` if the hour's key is not in the ring, `Damaged` if the sealed K does not open with it.
        """
        key = self.keys.get(name)
        if key is None:
            raise KeyGone(
                f"recorded, but no private key of {name} is left: it was lost with the ring of that time, or destroyed "
                "within the last minute; nothing else opens those pictures (docs/1-operate/backup.md)"
            )
        try:
            k = key.open(sealed, seal_info(stream, term, name.hour, name.class_))
        except (InvalidTag, ValueError) as error:
            raise Damaged(
                f"{stream} {term} {name}: recorded, but its key does not open with that hour's private key: the ring "
                "of that time was lost and this one drew another, or its record is damaged; nothing else opens those "
                "pictures (docs/1-operate/backup.md)"
            ) from error
        return {n: segment_key(k, stream, term, n) for n in ns}


def commitment(name: KeyName, public: bytes) -> bytes:
    """To one private key, through its public half: whoever has the published keys can make it, and compare."""
    return hashlib.sha256(b"torrazzo.ring.key.v1\0" + str(name).encode() + b"\0" + public).digest()


def ring_text(ring: Ring) -> bytes:
    """The plain ring, names in order: what is sealed in a ring file, and handed over as docs/3-formats/keys.md says."""
    keys = {
        str(name): {"seed": base64_text(ring.keys[name].seed), "x25519": base64_text(ring.keys[name].x25519)}
        for name in sorted(ring.keys)
    }
    return compact({"v": 1, "keys": keys})


def parse_ring(data: bytes) -> Ring:
    """The inverse of `ring_text`; raises `Invalid`, whose text shows no key."""
    found = parse_object(data, "ring", RING_LIMIT)
    expect_names(found, {"v", "keys"}, "ring")
    if found["v"] != 1:
        raise Invalid(f"ring: version {found['v']!r}, this program reads 1")
    keys = {}
    for name, value in expect_object(found["keys"], "ring").items():
        pair = expect_object(value, name)
        expect_names(pair, {"seed", "x25519"}, name)
        keys[KeyName.parse(name)] = PrivateKey(
            expect_bytes(pair["seed"], _SEED, name), expect_bytes(pair["x25519"], _X25519, name)
        )
    return Ring(keys)
