# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`anchors.toml` of a home: which authorities are asked, and how often (docs/1-operate/anchors.md).

every_minutes = 60

[[authority]]
name = "aruba"
url = "https://…"
certificates = "aruba.pem"              # files lie beside anchors.toml unless their paths begin with /
policy = "1.3.6.1.4.1.57264.2"          # optional, as are the next ones
ca = "server.pem"
user = "comune"
password_file = "secrets/aruba.password"
"""

import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.secret import Secret
from torrazzo.base.times import SECOND
from torrazzo.ledger.anchor_authority import Authority, Login

FILE = "anchors.toml"
EVERY_MINUTES = 60

_KNOWN = {"name", "url", "certificates", "policy", "ca", "user", "password_file"}
_MOST_MINUTES = 7 * 24 * 60


class AnchorSettings(NamedTuple):
    """Whom to ask for stamps, and the ticks from one head to the next."""

    every: int
    authorities: tuple[Authority, ...]
    wrong: Mapping[str, str] = MappingProxyType({})  # what is wrong with the others, by name: the rest goes on

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that can be asked."""
        return tuple(authority.name for authority in self.authorities)


NOBODY = AnchorSettings(EVERY_MINUTES * 60 * SECOND, ())


def load_anchor_settings(path: Path) -> AnchorSettings:
    """`NOBODY` without such a file; raises `Invalid` or `Unavailable` where that concerns all authorities."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NOBODY
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; run as the user that owns it") from error
    _known(found, {"every_minutes", "authority"}, path)
    minutes = found.get("every_minutes", EVERY_MINUTES)
    if type(minutes) is not int or not 1 <= minutes <= _MOST_MINUTES:
        raise Invalid(f"{path}: every_minutes is {minutes!r}; write a number from 1 to {_MOST_MINUTES}")
    tables = found.get("authority", [])
    if not isinstance(tables, list):
        raise Invalid(f"{path}: write [[authority]], once for each")
    authorities, wrong = _sorted_out(tables, path)
    return AnchorSettings(minutes * 60 * SECOND, authorities, wrong)


def password_files(path: Path) -> tuple[Path, ...]:
    """Where the passwords lie that this file names, as far as it can be read."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("authority", [])
    except (OSError, ValueError):
        return ()
    tables = [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []
    names = [table["password_file"] for table in tables if isinstance(table.get("password_file"), str)]
    return tuple(path.parent / name for name in names)


def _sorted_out(tables: Sequence[object], path: Path) -> tuple[tuple[Authority, ...], Mapping[str, str]]:
    """Those that can be asked, and by name what is wrong with each that cannot."""
    names = [_called(table, number) for number, table in enumerate(tables, 1)]
    right: list[Authority] = []
    wrong: dict[str, str] = {}
    for name, table in zip(names, tables, strict=True):
        try:
            if names.count(name) > 1:
                raise Invalid(f"{path}: two authorities have the same name, {name}")
            right.append(_authority(table, path))
        except TorrazzoError as error:
            wrong[name] = str(error)
    return tuple(right), wrong


def _called(table: object, number: int) -> str:
    """Its name, or which of them it is."""
    name = table.get("name") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name else f"number {number}"


def _authority(table: object, path: Path) -> Authority:
    if not isinstance(table, dict):
        raise Invalid(f"{path}: write [[authority]], once for each")
    _known(table, _KNOWN, path)
    policy = _text(table, "policy", path) if "policy" in table else None
    ca = _file(table, "ca", path) if "ca" in table else None
    return Authority(
        name=_text(table, "name", path),
        url=_text(table, "url", path),
        certificates=_file(table, "certificates", path),
        policy=policy,
        ca=ca,
        login=_login(table, path),
    )


def _login(table: Mapping[str, object], path: Path) -> Login | None:
    if not {"user", "password_file"} & table.keys():
        return None
    secret = path.parent / _text(table, "password_file", path)
    password = _file(table, "password_file", path).removesuffix("\n")
    if stat.S_IMODE(secret.stat().st_mode) & 0o077:
        raise Refused(f"{secret}: others may read this password; run chmod 600 on it")
    return Login(_text(table, "user", path), Secret(password))


def _known(table: Mapping[str, object], keys: set[str], path: Path) -> None:
    if unknown := sorted(table.keys() - keys):
        raise Invalid(f"{path}: unknown setting {unknown[0]}; known are {', '.join(sorted(keys))}")


def _text(table: Mapping[str, object], key: str, path: Path) -> str:
    found = table.get(key)
    if not isinstance(found, str) or not found:
        raise Invalid(f"{path}: {key} is {found!r}; write a text in quotes")
    return found


def _file(table: Mapping[str, object], key: str, path: Path) -> str:
    place = path.parent / _text(table, key, path)
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{place}: {error}; {path.name} names it for {key}") from error
