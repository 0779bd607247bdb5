# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder in which a town lives, and its settings.

torrazzo.toml  office.db  catalogue.db  ledger.db  plan.json  fence.json
secrets/ (box.key, ledger-rec.key, ledger-act.key)  keyring/ (the ring, public-keys.json)
ledger/ (the logs' files)  run/*.sock  archive/ (the default disk root)
"""

import ipaddress
import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.durable import Disk
from torrazzo.town.lives import check_hours

DEFAULT_ZONE = "Europe/Rome"
DEMO_TOWN = "Cremona (demo)"  # the mark of a town that a demo made
DEFAULT_PORT = 8470
RIGHTS = ("view", "ask", "approve", "hold")  # to recorded pictures
TIME_SOURCES = ("system", "witness", "wall")  # a time service; who cosigns heads; nobody: the clock as it stands
DEFAULT_TRUSTED = ("system",)
DEFAULT_FLOOR = 72
CLIENT_CERT = "Client-Cert"  # RFC 9440: what a proxy says of the certificate that a client showed it

_TIME_NOTE = "whose time is believed: system (chrony or the like), witness (whoever cosigns the ledger)"
_LISTEN = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", re.ASCII)
_PUBLIC = re.compile(r"https://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?", re.ASCII)
_PROXY = ("proxy_user", "proxy_address")
_LEDGER_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*(?:/[a-z0-9_][a-z0-9._-]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one town lies; nothing here touches the disk."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """`torrazzo.toml`."""
        return self.path / "torrazzo.toml"

    @property
    def office_db(self) -> Path:
        """The registry; written by the control room alone."""
        return self.path / "office.db"

    @property
    def catalogue_db(self) -> Path:
        """The index of the archive; rebuildable."""
        return self.path / "catalogue.db"

    @property
    def plan(self) -> Path:
        """What the recorder has to record."""
        return self.path / "plan.json"

    @property
    def fence(self) -> Path:
        """The node's counter of recorder starts."""
        return self.path / "fence.json"

    @property
    def box_key(self) -> Path:
        """The key that hides camera passwords in `office.db` and `plan.json`."""
        return self.path / "secrets" / "box.key"

    @property
    def keyring(self) -> Path:
        """The keyring's folder."""
        return self.path / "keyring"

    @property
    def vault(self) -> Path:
        """What is held past its life (docs/3-formats/vault.md); may be a mount or a link to another disk."""
        return self.path / "vault"

    @property
    def held_copies(self) -> Path:
        """In it a disk root for each hold."""
        return self.vault / "copies"

    @property
    def public_keys(self) -> Path:
        """The hours' public keys, 48 h ahead."""
        return self.keyring / "public-keys.json"

    @property
    def policy(self) -> Path:
        """Whose signatures make a head good (C2SP tlog-policy), where the town says more than its own logs' keys."""
        return self.path / "policy"

    @property
    def ledger(self) -> Path:
        """The ledger's files: tiles, bundles of entries, heads."""
        return self.path / "ledger"

    @property
    def ledger_db(self) -> Path:
        """The ledger's rows; written by the ledger alone."""
        return self.path / "ledger.db"

    def ledger_key(self, log: str) -> Path:
        """The seed of the key that signs for the log `rec` or `act`."""
        return self.path / "secrets" / f"ledger-{log}.key"

    @property
    def run(self) -> Path:
        """Sockets and locks of the running processes."""
        return self.path / "run"

    @property
    def control_room_socket(self) -> Path:
        """Registry changes and facts go through it while the control room runs."""
        return self.run / "control-room.sock"

    @property
    def people_socket(self) -> Path:
        """Copies are asked for, approved and made through it, by any Unix user whom `[people]` names."""
        return self.run / "people.sock"

    @property
    def recorder_socket(self) -> Path:
        """The recorder's state."""
        return self.run / "recorder.sock"

    @property
    def live_socket(self) -> Path:
        """Frames of what somebody watches, from the recorder to the control room of the same Unix user."""
        return self.run / "live.sock"

    @property
    def keyring_socket(self) -> Path:
        """Segment keys for readers of the same Unix user."""
        return self.run / "keyring.sock"

    @property
    def ledger_socket(self) -> Path:
        """Facts go in, proofs come out, for processes of the same Unix user."""
        return self.run / "ledger.sock"

    @property
    def worker_socket(self) -> Path:
        """Long jobs are ordered there, and followed."""
        return self.run / "worker.sock"

    @property
    def ledger_lock(self) -> Path:
        """Held by the one ledger of this home."""
        return self.run / "ledger.lock"

    @property
    def own_witness(self) -> Path:
        """A witness that `serve` runs beside the town: for show, since it belongs to no second office."""
        return self.path / "witness"

    @property
    def serve_lock(self) -> Path:
        """Held by the one `serve` of this home."""
        return self.run / "serve.lock"

    @property
    def office_lock(self) -> Path:
        """Held by whoever writes `office.db` and `catalogue.db`."""
        return self.run / "office.lock"

    @property
    def restored(self) -> Path:
        """Written by a restore, before there is a town again; gone once retention has run after it."""
        return self.path / "restored.json"

    @property
    def first_link(self) -> Path:
        """Where the control room writes the link for the first two people, for `serve` to print; the owner's alone."""
        return self.run / "first-link"

    @property
    def demo_door(self) -> Path:
        """While a demo runs: the hash of the word that opens its page of people (control_room/demo_door.py)."""
        return self.run / "demo-door"

    @property
    def page_address(self) -> Path:
        """Where the control room writes the address of its page while it runs."""
        return self.run / "page.url"


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """One that the ledger asks to cosign its heads."""

    name: str  # the policy's own
    key: str  # its verifier key
    address: str  # http:// or https://, or unix: and the absolute path of a socket
    needed: bool = False  # a head counts as cosigned only with its signature

    def is_of(self, home: Home) -> bool:
        """Whether it runs in the town's own home, so that it is no second office."""
        return self.address.startswith(f"unix:{home.path}/")


@dataclass(frozen=True, slots=True)
class PublicSettings:
    """Where people reach the page from other machines: with a certificate of ours, or behind a proxy that has one."""

    address: str  # https://, without a path
    listen: str  # host:port
    certificate: Path | None = None
    key: Path | None = None
    stations: Path | None = None  # who signed the certificates of stations (AC-06); None: they are not asked for any
    proxy_user: str = ""  # as which the proxy runs on this machine: nobody else comes in
    proxy_address: str = ""  # of the proxy, on another machine: likewise
    has_client_cert: bool = False  # the proxy says in CLIENT_CERT which certificate a station showed

    @property
    def is_behind_proxy(self) -> bool:
        """Whether TLS ends before us."""
        return self.certificate is None

    @property
    def host(self) -> str:
        """What the Host header says."""
        return self.address.removeprefix("https://")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `torrazzo.toml` says."""

    name: str
    zone: ZoneInfo
    node: NodeId
    roots: tuple[Path, ...]  # absolute
    port: int = DEFAULT_PORT
    ledger: str = ""  # the town's name in the origins of its logs; empty: made from the node's id
    trusted: tuple[str, ...] = DEFAULT_TRUSTED  # what the keyring believes the time of: see TIME_SOURCES
    ledger_listen: str = ""  # host:port where the logs may be read by whoever reaches it; empty: nowhere
    witnesses: tuple[WitnessSettings, ...] = ()
    public: PublicSettings | None = None  # None: the page is for this machine alone
    floor_hours: int = DEFAULT_FLOOR  # no footage younger than this is erased for want of room on a disk

    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # Unix user → rights; the home's owner has all

    @property
    def ledger_name(self) -> str:
        """The logs' origins are this name with `/rec` and `/act`."""
        return self.ledger or f"torrazzo-{self.node:08x}"


def new_settings(home: Home, name: str, zone: str = DEFAULT_ZONE, roots: tuple[Path, ...] = ()) -> Settings:
    """First settings of a town, with a node id drawn now; `<home>/archive` is the root if none is named."""
    node = NodeId(secrets.randbits(32) or 1)
    places = tuple(home.path / root for root in roots) or (home.path / "archive",)
    return Settings(name, _zone(zone, home.settings_file), node, places)


def load_settings(home: Home) -> Settings:
    """Read `torrazzo.toml`; raises `Unavailable` where there is no town, `Invalid` for anything it does not know."""
    path = home.settings_file
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: there is no town here yet; run `torrazzo init --home {home.path}`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; run as the user that owns it") from error
    return _settings(document, home)


def save_settings(home: Home, disk: Disk, settings: Settings) -> None:
    """Write `torrazzo.toml`, replacing it."""
    disk.publish(home.settings_file, _text(home, settings).encode())


def _settings(document: Mapping[str, object], home: Home) -> Settings:
    path = home.settings_file
    town = _table(document.get("town"), "town", path)
    _known(document, {"town", "roots", "page", "public", "ledger", "keyring", "retention", "people"}, path)
    _known(town, {"name", "time_zone", "node"}, path, "town.")
    page = _table(document.get("page", {}), "page", path)
    _known(page, {"port"}, path, "page.")
    port = page.get("port", DEFAULT_PORT)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port < 1 << 16:
        raise Invalid(f"{path}: page.port is {port!r}; write a number from 0 to 65535")
    return Settings(
        name=_string(town, "name", path),
        zone=_zone(_string(town, "time_zone", path), path),
        node=_node(_string(town, "node", path), path),
        roots=_roots(document.get("roots"), home),
        port=port,
        public=_public(document.get("public"), home),
        ledger=_ledger(document.get("ledger", {}), path),
        ledger_listen=_ledger_listen(document.get("ledger", {}), path),
        witnesses=_witnesses(document.get("ledger", {}), home),
        trusted=_trusted(document.get("keyring", {}), path),
        floor_hours=_floor(document.get("retention", {}), path),
        people=_people(document.get("people", {}), path),
    )


def _public(found: object, home: Home) -> PublicSettings | None:
    if found is None:
        return None
    path = home.settings_file
    table = _table(found, "public", path)
    _known(table, {"address", "listen", "certificate", "key", "stations", "proxy", *_PROXY}, path, "public.")
    address, listen = _string(table, "address", path).lower(), _string(table, "listen", path)
    if _PUBLIC.fullmatch(address) is None:
        raise Invalid(f"{path}: public.address is {address!r}; write it as https://sala.comune.example.it")
    if _LISTEN.fullmatch(listen) is None:
        raise Invalid(f"{path}: public.listen is {listen!r}; write host:port, such as 0.0.0.0:443")
    proxy, has_own = table.get("proxy", False), "certificate" in table and "key" in table
    others = table.keys() & ({"certificate", "key"} if proxy else set(_PROXY))
    if not isinstance(proxy, bool) or proxy is has_own or others:
        raise Invalid(f"{path}: [public] needs either certificate and key, or proxy = true where a proxy has them")
    if proxy:
        return _behind_proxy(PublicSettings(address, listen), table, path)
    names = [name for name in ("certificate", "key", "stations") if name in table]
    files = {name: home.path / _string(table, name, path) for name in names}
    return PublicSettings(address, listen, files["certificate"], files["key"], files.get("stations"))


def _behind_proxy(public: PublicSettings, table: Mapping[str, object], path: Path) -> PublicSettings:
    user, address = (_string(table, name, path) if name in table else "" for name in _PROXY)
    if user and address:
        raise Invalid(f"{path}: write public.proxy_user for a proxy on this machine, or public.proxy_address; not both")
    if address:
        try:
            address = str(ipaddress.ip_address(address))
        except ValueError as error:
            raise Invalid(f"{path}: public.proxy_address is {address!r}; write an address in digits") from error
    if (said := table.get("stations")) is not None and (said != CLIENT_CERT or not (user or address)):
        raise Invalid(
            f'{path}: public.stations behind a proxy: write "{CLIENT_CERT}", and proxy_user or proxy_address: '
            "nobody else may say which certificate a station has"
        )
    return replace(public, proxy_user=user, proxy_address=address, has_client_cert=said is not None)


def _ledger(found: object, path: Path) -> str:
    table = _table(found, "ledger", path)
    _known(table, {"name", "listen", "witness"}, path, "ledger.")
    name = _string(table, "name", path) if "name" in table else ""
    if name and _LEDGER_NAME.fullmatch(name) is None:
        raise Invalid(
            f"{path}: ledger.name is {name!r}; write a name of the town's own, such as torrazzo.comune.example.it"
        )
    return name


def _people(found: object, path: Path) -> Mapping[str, tuple[str, ...]]:
    table = _table(found, "people", path)
    for user, rights in table.items():
        if not isinstance(rights, list) or not all(right in RIGHTS for right in rights):
            raise Invalid(f"{path}: people.{user} is {rights!r}; write a list out of {', '.join(RIGHTS)}")
    return {user: tuple(rights) for user, rights in table.items() if isinstance(rights, list)}


def _floor(found: object, path: Path) -> int:
    table = _table(found, "retention", path)
    _known(table, {"floor_hours"}, path, "retention.")
    hours = table.get("floor_hours", DEFAULT_FLOOR)
    if type(hours) is not int:
        raise Invalid(f"{path}: retention.floor_hours is {hours!r}; write a number of hours")
    try:
        return check_hours(hours)
    except (Invalid, Refused) as error:
        raise type(error)(f"{path}: retention.floor_hours: {error}") from error


def _ledger_listen(found: object, path: Path) -> str:
    listen = _table(found, "ledger", path).get("listen", "")
    if not isinstance(listen, str) or (listen and _LISTEN.fullmatch(listen) is None):
        raise Invalid(f"{path}: ledger.listen is {listen!r}; write host:port, such as 127.0.0.1:8471")
    return listen


def _witnesses(found: object, home: Home) -> tuple[WitnessSettings, ...]:
    path = home.settings_file
    entries = _table(found, "ledger", path).get("witness", [])
    if not isinstance(entries, list):
        raise Invalid(f"{path}: write [[ledger.witness]], once for each witness")
    return tuple(_witness(_table(entry, "ledger.witness", path), home) for entry in entries)


def _witness(table: Mapping[str, object], home: Home) -> WitnessSettings:
    path = home.settings_file
    _known(table, {"name", "key", "address", "needed"}, path, "ledger.witness.")
    address, needed = _string(table, "address", path), table.get("needed", False)
    scheme, _, rest = address.partition(":")
    if scheme == "unix":
        address = f"unix:{os.path.normpath(home.path / rest)}"
    elif scheme not in {"http", "https"} or not rest.startswith("//") or not address.isprintable() or " " in address:
        raise Invalid(f"{path}: ledger.witness.address is {address!r}; write http://…, https://… or unix:PATH")
    if not isinstance(needed, bool):
        raise Invalid(f"{path}: ledger.witness.needed is {needed!r}; write true or false")
    return WitnessSettings(_string(table, "name", path), _string(table, "key", path), address, needed)


def _trusted(found: object, path: Path) -> tuple[str, ...]:
    table = _table(found, "keyring", path)
    _known(table, {"trusted"}, path, "keyring.")
    names = table.get("trusted", list(DEFAULT_TRUSTED))
    if not isinstance(names, list) or not set(names) <= set(TIME_SOURCES) or len(set(names)) < len(names):
        raise Invalid(f"{path}: keyring.trusted is {names!r}; write a list of {', '.join(TIME_SOURCES)}, each once")
    return tuple(names)


def _roots(found: object, home: Home) -> tuple[Path, ...]:
    path = home.settings_file
    if not isinstance(found, list) or not found:
        raise Invalid(f"{path}: no [[roots]]; write at least one, each with its path")
    roots = []
    for entry in found:
        table = _table(entry, "roots", path)
        _known(table, {"path"}, path, "roots.")
        roots.append(home.path / _string(table, "path", path))
    if len(set(roots)) < len(roots):
        raise Invalid(f"{path}: the same root stands twice in [[roots]]; name each disk once")
    return tuple(roots)


def _zone(name: str, path: Path) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"{path}: unknown time zone {name!r}; write one such as {DEFAULT_ZONE}") from error


def _node(text: str, path: Path) -> NodeId:
    if len(text) != 8 or set(text) - set("0123456789abcdef"):
        raise Invalid(f"{path}: town.node is {text!r}; it has 8 lower-case hex digits and is never changed by hand")
    return NodeId(int(text, 16))


def _table(found: object, name: str, path: Path) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise Invalid(f"{path}: [{name}] is missing or not a table")
    return found


def _string(table: Mapping[str, object], key: str, path: Path) -> str:
    found = table.get(key)
    if not isinstance(found, str) or not found:
        raise Invalid(f"{path}: {key} is {found!r}; write a text in quotes")
    return found


def _known(table: Mapping[str, object], keys: set[str], path: Path, prefix: str = "") -> None:
    unknown = sorted(set(table) - keys)
    if unknown:
        raise Invalid(f"{path}: unknown setting {prefix}{unknown[0]}; known are {', '.join(sorted(keys))}")


def _public_text(home: Home, public: PublicSettings) -> list[str]:
    lines = ["", "[public]  # once there are accounts", f"address = {_quoted(public.address)}"]
    lines += [f"listen = {_quoted(public.listen)}"]
    if public.certificate is None or public.key is None:
        said = {"proxy_user": public.proxy_user, "proxy_address": public.proxy_address}
        said |= {"stations": CLIENT_CERT if public.has_client_cert else ""}
        return [*lines, "proxy = true", *(f"{name} = {_quoted(text)}" for name, text in said.items() if text)]
    files = {name: getattr(public, name) for name in ("certificate", "key", "stations")}
    return [*lines, *(f"{name} = {_quoted(_shown(home, file))}" for name, file in files.items() if file is not None)]


def _shown(home: Home, path: Path) -> str:
    return str(path.relative_to(home.path) if path.is_relative_to(home.path) else path)


def _text(home: Home, settings: Settings) -> str:
    lines = [
        "# One town's Torrazzo. Paths are relative to this file's folder unless they begin with /.",
        "",
        "[town]",
        f"name = {_quoted(settings.name)}",
        f"time_zone = {_quoted(settings.zone.key)}",
        f'node = "{settings.node:08x}"  # drawn once; stands in every volume and fact',
        "",
        "[page]",
        f"port = {settings.port}  # on loopback only; 0 draws a free one",
    ]
    if settings.public is not None:
        lines += _public_text(home, settings.public)
    if settings.ledger or settings.ledger_listen:
        lines += ["", "[ledger]"]
    if settings.ledger:
        lines += [f"name = {_quoted(settings.ledger)}  # in every proof; never changed"]
    if settings.ledger_listen:
        lines += [f"listen = {_quoted(settings.ledger_listen)}  # where the logs may be read"]
    if settings.floor_hours != DEFAULT_FLOOR:
        lines += ["", "[retention]", f"floor_hours = {settings.floor_hours}  # for want of room nothing younger goes"]
    for witness in settings.witnesses:
        address = witness.address
        if witness.is_of(home):
            address = f"unix:{Path(address.removeprefix('unix:')).relative_to(home.path)}"
        lines += ["", "[[ledger.witness]]", f"name = {_quoted(witness.name)}", f"key = {_quoted(witness.key)}"]
        lines += [f"address = {_quoted(address)}", f"needed = {str(witness.needed).lower()}"]
    trusted = ", ".join(map(_quoted, settings.trusted))
    lines += ["", "[keyring]", f"trusted = [{trusted}]  # {_TIME_NOTE}"]
    if settings.people:
        lines += ["", "[people]  # Unix users who may view recorded pictures, ask for copies, approve them"]
        lines += [f"{_quoted(user)} = {json.dumps(rights)}" for user, rights in settings.people.items()]
    for root in settings.roots:
        shown = root.relative_to(home.path) if root.is_relative_to(home.path) else root
        lines += ["", "[[roots]]", f"path = {_quoted(str(shown))}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
