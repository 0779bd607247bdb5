# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files of a home are in a backup. What is not named here is not in it.

Left out on purpose: footage and its index (`archive/`, `catalogue.db`), whatever opens footage (`keyring/`, the vault),
`plan.json` (made of the registry), `fence.json` (an older one would number starts twice), the witness's folder (another
office's), jobs, `run/`, what a page remembers (`walls.json`, `wishes.json`), the map's tiles.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from torrazzo.ledger.anchor_settings import FILE as ANCHORS
from torrazzo.ledger.anchor_settings import password_files
from torrazzo.town.home import Home

DATABASES = ("office.db", "ledger.db")
SECRETS = "secrets"

_SETTINGS = re.compile(r"torrazzo\.toml|anchors\.toml|policy|[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.pem", re.ASCII)
_SECRET = re.compile(r"box\.key|ledger-(?:rec|act)\.key|month-[0-9]{6}\.key", re.ASCII)
_BOOK = re.compile(r"[a-z][a-z0-9-]{0,40}\.db", re.ASCII)
_LEDGER = re.compile(
    r"ledger/(?:rec|act)(?:\.[0-9]{1,9})?/"
    r"(?:checkpoint|anchors/[a-z0-9.-]{1,80}|tile/(?:[0-9]{1,2}|entries)/(?:x[0-9]{3}/){0,6}[0-9]{3})",
    re.ASCII,
)


def databases(home: Home) -> Iterator[str]:
    """Names of those that there are, relative to the home."""
    yield from (name for name in DATABASES if (home.path / name).is_file())
    yield from (f"access/{name}" for name in _names(home.path / "access") if _BOOK.fullmatch(name))


def settings(home: Home) -> Iterator[str]:
    """Names of what people wrote, but private keys."""
    yield from (name for name in _names(home.path) if _SETTINGS.fullmatch(name) and not _is_private(home.path / name))


def secrets(home: Home) -> Iterator[str]:
    """Names of keys and passwords that no one else could make anew; none of them opens footage."""
    yield from (f"{SECRETS}/{name}" for name in _names(home.path / SECRETS) if _SECRET.fullmatch(name))
    yield from (name for name in _names(home.path) if _SETTINGS.fullmatch(name) and _is_private(home.path / name))
    for path in dict.fromkeys(password_files(home.path / ANCHORS)):
        if path.parent == home.path / SECRETS and path.is_file() and not _SECRET.fullmatch(path.name):
            yield f"{SECRETS}/{path.name}"


def is_database(name: str) -> bool:
    """Which is as long as it is."""
    return name in DATABASES or name.startswith("access/")


def is_ours(name: str) -> bool:
    """Whether a backup may hold a file of this name: nothing else is ever written by a restore."""
    folder, _, last = name.rpartition("/")
    if folder == SECRETS:
        return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", last, re.ASCII) is not None
    if folder == "access":
        return _BOOK.fullmatch(last) is not None
    return name in DATABASES or _SETTINGS.fullmatch(name) is not None or _LEDGER.fullmatch(name) is not None


def _is_private(path: Path) -> bool:
    """Whether it holds a private key, as that of the page's certificate may lie beside it (`[public] key`)."""
    return path.suffix == ".pem" and b"PRIVATE KEY-----" in path.read_bytes()


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file() and not entry.is_symlink())
