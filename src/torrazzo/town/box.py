# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The box: what hides camera passwords and addresses in `office.db` and `plan.json`.

AES-256-GCM under 32 random bytes in `secrets/box.key`; the additional data names the place it was written for, so a
sealed value that is moved to another camera does not open.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Damaged, Refused
from torrazzo.durable import Disk
from torrazzo.town.key_file import read_key

_NONCE = 12
_KEY = 32


@dataclass(frozen=True, slots=True)
class Box:
    """Seals short texts."""

    key: bytes = field(repr=False)

    def seal(self, text: str, place: str) -> bytes:
        """Nonce ‖ ciphertext."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, text.encode(), _context(place))

    def open(self, sealed: bytes, place: str) -> str:
        """The inverse; raises `Damaged` for another key, place or content."""
        try:
            return AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _context(place)).decode()
        except (InvalidTag, ValueError) as error:
            raise Damaged(
                f"{place}: what was sealed does not open with secrets/box.key; restore that file from the copy made "
                "with office.db, or enter the camera's address and password again"
            ) from error


def make_box(disk: Disk, path: Path) -> Box:
    """Draw a new key and write it, mode 0600; raises `Refused` if there is one already."""
    if path.exists():
        raise Refused(f"{path} exists; a second key would make every stored password unreadable")
    box = Box(secrets.token_bytes(_KEY))
    disk.make_folder(path.parent)
    disk.publish(path, box.key, 0o600)
    return box


def load_box(path: Path) -> Box:
    """Read the key; raises `Unavailable`, or `Refused` when others may read it too."""
    key = read_key(
        path,
        _KEY,
        missing="run as the user that owns the home, after `init`",
        danger="read the cameras' passwords",
        spoilt="restore the file from the copy made with office.db",
    )
    return Box(key)


def _context(place: str) -> bytes:
    return b"torrazzo.box.v1\0" + place.encode()
