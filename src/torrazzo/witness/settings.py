# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder of a witness: `witness.toml`, its signing key, its database."""

import contextlib
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.durable import Disk
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey
from torrazzo.ledger.listening import check_listen
from torrazzo.town.key_file import read_key
from torrazzo.witness.heads import Heads

DEFAULT_LISTEN = "127.0.0.1:8472"

_SEED = 32


@dataclass(frozen=True, slots=True)
class WitnessHome:
    """Where everything of one witness lies; `stem` names its files, as other cosigners have them too."""

    path: Path
    stem: str = "witness"

    @property
    def settings_file(self) -> Path:
        """Name, address, logs."""
        return self.path / f"{self.stem}.toml"

    @property
    def key(self) -> Path:
        """The seed of its signing key."""
        return self.path / f"{self.stem}.key"

    @property
    def database(self) -> Path:
        """The heads that it cosigned."""
        return self.path / f"{self.stem}.db"

    @property
    def lock(self) -> Path:
        """Held by the one process."""
        return self.path / "lock"


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """What `witness.toml` says."""

    name: str  # of its key
    logs: tuple[VerifierKey, ...]
    listen: str = DEFAULT_LISTEN  # host:port, or unix:PATH


def load_settings(home: WitnessHome) -> WitnessSettings:
    """Raises `Unavailable` where there is none, `Invalid` for anything it does not know."""
    return parse_settings(read_toml(home), home)


def read_toml(home: WitnessHome) -> dict[str, object]:
    """The file, not understood yet."""
    path = home.settings_file
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: not there; make it with `torrazzo {home.stem} init`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; run as the user that owns it") from error


def parse_settings(found: dict[str, object], home: WitnessHome) -> WitnessSettings:
    """What every cosigner has."""
    path = home.settings_file
    unknown = sorted(set(found) - {"name", "listen", "logs"})
    if unknown:
        raise Invalid(f"{path}: unknown setting {unknown[0]}; known are name, listen, logs")
    name, listen, logs = found.get("name"), found.get("listen", DEFAULT_LISTEN), found.get("logs")
    if not isinstance(name, str) or not isinstance(listen, str):
        raise Invalid(f"{path}: name and listen are texts in quotes")
    if not isinstance(logs, list) or not logs or not all(isinstance(log, str) for log in logs):
        raise Invalid(f"{path}: logs is a list of verifier keys, as `torrazzo ledger keys` prints them")
    try:
        check_listen(listen)
        return WitnessSettings(name, check_logs([VerifierKey.parse(log) for log in logs]), listen)
    except Invalid as error:
        raise Invalid(f"{path}: {error}") from error


def check_logs(logs: list[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Raises `Invalid` unless they are keys of logs, one for each name."""
    for log in logs:
        if log.kind != Kind.ED25519:
            raise Invalid(f"key {log}: of a witness, expected one of a log")
    if len({log.name for log in logs}) < len(logs):
        raise Invalid("logs: a name stands there twice")
    return tuple(logs)


def settings_text(settings: WitnessSettings) -> str:
    """The file; names of keys and addresses hold nothing that TOML would escape."""
    lines = ["# Whose heads are cosigned. Paths are relative to this file's folder unless they begin with /.", ""]
    lines += [f"name = '{settings.name}'  # of the signing key; never changed", f"listen = '{settings.listen}'"]
    lines += ["logs = [", *(f"  '{log}'," for log in settings.logs), "]"]
    return "\n".join(lines) + "\n"


def make_home(home: WitnessHome, disk: Disk, name: str, text: str) -> SigningKey:
    """A new one with a key drawn now; raises `Refused` where there is one."""
    if home.settings_file.exists() or (home.database.exists() and not _is_unused(home)):
        raise Refused(f"{home.settings_file}: there is one already; nothing was changed")
    if "'" in name or "\n" in name:
        raise Invalid(f"name {name!r}: no quotes")
    seed = secrets.token_bytes(_SEED)
    key = SigningKey(name, Kind.COSIGNATURE, seed)
    disk.make_folder(home.path)
    disk.publish(home.key, seed, 0o600)
    Heads.make(home.database).close()
    disk.publish(home.settings_file, text.encode())  # last: from here on it is one
    return key


def _is_unused(home: WitnessHome) -> bool:
    """A crash may have left a database without settings."""
    with contextlib.closing(Heads.make(home.database)) as heads:
        return heads.are_none


def load_key(home: WitnessHome, name: str) -> SigningKey:
    """Raises `Unavailable` where it is gone, `Refused` when others may read it."""
    copy = "put it back from its copy"
    seed = read_key(home.key, _SEED, missing=copy, danger="sign in its name", spoilt=copy)
    return SigningKey(name, Kind.COSIGNATURE, seed)
