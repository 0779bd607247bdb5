# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder of an auditor: that of a witness, with `auditor.toml`, and where the ledger is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torrazzo.base.errors import Invalid
from torrazzo.ledger.identity import LogKind, LogName
from torrazzo.ledger.key import VerifierKey
from torrazzo.witness import WitnessHome, WitnessSettings
from torrazzo.witness.settings import parse_settings, read_toml, settings_text

DEFAULT_LISTEN = "127.0.0.1:8473"


@dataclass(frozen=True, slots=True)
class AuditorSettings:
    """What `auditor.toml` says."""

    cosigner: WitnessSettings
    ledger: str  # http:// or https://, or unix: and the path of its socket

    @property
    def logs(self) -> Mapping[LogKind, VerifierKey]:
        """One of each kind."""
        return kinds_of(self.cosigner.logs)


def auditor_home(path: Path) -> WitnessHome:
    """The folder, with the auditor's own names of files."""
    return WitnessHome(path, "auditor")


def load_settings(home: WitnessHome) -> AuditorSettings:
    """Raises `Unavailable` where there is none, `Invalid` for anything it does not know."""
    found = read_toml(home)
    ledger = found.pop("ledger", None)
    cosigner = parse_settings(found, home)
    try:
        kinds_of(cosigner.logs)
        return AuditorSettings(cosigner, check_ledger(ledger, home.path))
    except Invalid as error:
        raise Invalid(f"{home.settings_file}: {error}") from error


def check_ledger(address: object, folder: Path) -> str:
    """The address; one of a socket is made absolute."""
    if isinstance(address, str) and "'" not in address and address.isprintable():
        scheme, _, rest = address.partition(":")
        if scheme == "unix" and rest:
            return f"unix:{folder / rest}"
        if scheme in {"http", "https"} and rest.startswith("//"):
            return address
    raise Invalid(f"ledger is {address!r}; write http://…, https://… or unix:PATH")


def kinds_of(logs: tuple[VerifierKey, ...]) -> dict[LogKind, VerifierKey]:
    """Raises `Invalid` unless they are the two logs of one town."""
    named = {(name.kind, log.name.rpartition("/")[0], name.generation): log for log in logs if (name := _name(log))}
    kinds: dict[LogKind, VerifierKey] = {kind: log for (kind, _, _), log in named.items()}
    if len(logs) != 2 or set(kinds) != {"rec", "act"} or len({key[1:] for key in named}) != 1:
        raise Invalid("logs: expected the keys of both logs of one town, …/rec and …/act")
    return kinds


def text_of(settings: AuditorSettings) -> str:
    """The file."""
    return settings_text(settings.cosigner) + f"ledger = '{settings.ledger}'  # where heads and entries are read\n"


def _name(log: VerifierKey) -> LogName | None:
    return LogName.parse(log.name.rpartition("/")[2])
