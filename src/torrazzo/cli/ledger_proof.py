# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger prove` and `verify`: one entry of the ledger as a file, and what such a file proves."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.ids import STREAM_NAMES, SegmentId, StreamId, TermId
from torrazzo.base.times import iso_from_ticks, ticks_from_text
from torrazzo.cli.exits import FOUND, NOT_FOUND
from torrazzo.cli.options import HomeOption, JsonOption, StreamOption
from torrazzo.cli.output import local_text, warn, write_json
from torrazzo.cli.process_options import find_home
from torrazzo_verify.verify import is_for_show

if TYPE_CHECKING:
    from torrazzo.ledger import Accepted, Policy, Proof
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.town.home import Home

_MOST_BYTES = 1 << 20


def prove(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[CAMERA | FACT]", help="A camera, with --at; or a fact as STREAM/TERM/N."),
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="T", help="The moment that the fact tells of.")] = None,
    act: Annotated[int | None, typer.Option("--act", metavar="N", min=0, help="An entry of `act` by number.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file to write (else standard output).")
    ] = None,
    home: HomeOption = None,
    stream: StreamOption = "main",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write the proof that a fact, or an act, is in the ledger: a tlog-proof with the entry in it."""
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.client import LedgerClient
    from torrazzo.town.home import load_settings

    place = find_home(home)
    load_settings(place)
    if out is not None and out.exists() and not force:
        raise Refused(f"{out} exists; choose another name, or --force to replace it")
    wanted = _wanted(place, what, at, act, stream)
    proof = _proof(LedgerClient(place.ledger_socket), wanted)
    if out is None:
        print(proof.pack().decode(), end="")
        return
    OsDisk().publish(out.absolute(), proof.pack(), 0o644)
    print(f"{out}: {_where(proof)}")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A tlog-proof.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="A tlog-policy: whose signatures are enough.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FILE", help="The logs' verifier keys, one a line."),
    ] = None,
    entry: Annotated[
        Path | None, typer.Option("--entry", metavar="FILE", help="The entry, where the proof does not bring it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a proof, without a network and without a town. Policy or keys must not come from where the proof does."""
    from torrazzo.ledger import Proof, Unproven

    trusted = _policy(policy, keys)
    proof = Proof.parse(_read(file))
    line = proof.extra if entry is None else _read(entry).removesuffix(b"\n")
    if not line:
        raise Invalid(f"{file}: the entry is not in it; give it with --entry")
    try:
        accepted = proof.accept(line, trusted)
    except Unproven as error:
        if as_json:
            write_json({"holds": False, "why": str(error)})
        else:
            print(f"It does NOT hold: {error}")
        raise typer.Exit(FOUND) from error
    if as_json:
        write_json(_judgement(proof, line, accepted, trusted))
    else:
        _show(proof, line, accepted, trusted)


def _proof(client: "LedgerClient", wanted: SegmentId | int) -> "Proof":
    """Under the last head that the witnesses cosigned, where that covers it; else under the present one."""
    try:
        return client.prove_whole(wanted, is_cosigned=True)
    except Invalid:
        pass
    try:
        proof = client.prove_whole(wanted)
    except Invalid as error:  # what was asked for has its form: it is not there
        warn(str(error))
        raise typer.Exit(NOT_FOUND) from error
    if client.status().get("witnesses"):
        warn("no witness has cosigned a head over this entry yet; where that is asked for, prove it again in a minute")
    return proof


def _wanted(home: "Home", what: str | None, at: str | None, act: int | None, stream: str) -> SegmentId | int:
    if sum(each is not None for each in (what, act)) != 1 or (act is not None and at is not None):
        raise Invalid("prove: which entry? CAMERA --at T, STREAM/TERM/N, or --act N")
    if act is not None:
        return act
    assert what is not None
    if at is not None:
        return _told_of(home, what, at, stream)
    camera, _, rest = what.partition("/")
    name, term, n = (*rest.split("/"), "", "", "")[:3]
    if not n.isascii() or not n.isdigit() or rest.count("/") != 2 or len(n) > 18:
        raise Invalid(f"{what}: with --at T it is a camera; without it is a fact, written STREAM/TERM/N")
    return SegmentId(StreamId.parse(f"{camera}/{name}"), TermId.parse(term), int(n))


def _told_of(home: "Home", camera: str, at: str, stream: str) -> SegmentId:
    """The fact that tells of that moment."""
    from torrazzo.catalogue import Catalogue
    from torrazzo.cli.index import fresh_index
    from torrazzo.cli.office import read_camera
    from torrazzo.town.home import load_settings

    if stream not in STREAM_NAMES:
        raise Invalid(f"--stream {stream}: write main or sub")
    zone = load_settings(home).zone
    owner, t = read_camera(home, camera, has_removed=True), ticks_from_text(at, zone)
    fresh_index(home).close()
    with Catalogue(home.catalogue_db) as catalogue:
        found = catalogue.told_of(StreamId(owner.id, stream), t)
    if not found:
        warn(f"{owner.name} ({stream}): no fact tells of {local_text(t, zone)}")
        raise typer.Exit(NOT_FOUND)
    return found[0]


def _policy(policy: Path | None, keys: Path | None) -> "Policy":
    from torrazzo.ledger import Policy

    if (policy is None) == (keys is None):
        raise Invalid("verify: whom do you trust? --policy FILE or --keys FILE, not got together with the proof")
    if policy is not None:
        return Policy.parse(_read(policy))
    assert keys is not None
    lines = [line for line in _read(keys).decode("utf-8", "replace").split("\n") if line.strip()]
    return Policy.parse("".join(f"log {line.strip()}\n" for line in lines).encode() + b"quorum none\n")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1)  # one more than any of these may have: its parser says so
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


def _where(proof: "Proof") -> str:
    from torrazzo.ledger.checkpoint import Checkpoint

    head = Checkpoint.parse(proof.note.text)
    return f"entry {proof.entry_index} of {head.origin}, under its head of {head.size} entries"


def _judgement(proof: "Proof", line: bytes, accepted: "Accepted", policy: "Policy") -> dict[str, object]:
    origin, size, _ = accepted.checkpoint
    return {
        "holds": True,
        "log": origin,
        "index": proof.entry_index,
        "size": size,
        "key": str(accepted.log),
        "witnesses": {name: _utc(seconds) for name, seconds in accepted.cosigned.items()},
        "for_show": _for_show(accepted, policy),
        "entry": line.decode("utf-8", "replace"),
    }


def _show(proof: "Proof", line: bytes, accepted: "Accepted", policy: "Policy") -> None:
    """What was checked, and what was not."""
    print(f"It holds: {_where(proof)}.")
    print(f"  {line.decode('utf-8', 'replace')!a}")
    if told := _told(line):
        print(f"  {told}")
    print("Checked:")
    print(f"  1. the head is signed by {accepted.log}")
    shows = _for_show(accepted, policy)
    real = {name: seconds for name, seconds in accepted.cosigned.items() if name not in shows}
    for name, seconds in real.items():
        print(f"  2. witness {name} had seen no other history of this log by {_utc(seconds)}")
    print(f"  {3 if real else 2}. the entry's hash leads to the head's root")
    print("Not checked:")
    print("  - that these keys are the town's: compare them with what both offices publish")
    for name in shows:
        print(f"  - anything by witness {name}: it is a demonstration's, for show, and proves nothing to strangers")
    if shows and not real:
        print("  - that others are shown the same log, and when the head was made: no second office has signed")
    if not accepted.cosigned:
        asked = "the policy asks for no witness" if policy.quorum == "none" else "none was needed"
        print(f"  - that others are shown the same log, and when the head was made: no witness has signed ({asked})")
    print("  - that nothing is missing before or behind this entry, and what the entry says: a package shows more")


def _for_show(accepted: "Accepted", policy: "Policy") -> list[str]:
    """Witnesses of a demonstration."""
    names = {witness.name for witness in policy.witnesses if is_for_show(witness.key.name)}
    return [name for name in accepted.cosigned if name in names]


def _told(line: bytes) -> str:
    """What the entry says in words, where that is easy to say."""
    try:
        found = json.loads(line)
        kind, t0 = found["kind"], found.get("t0", found.get("t"))
        ends = [iso_from_ticks(t) for t in (t0, found.get("t1")) if type(t) is int and 0 <= t < 1 << 56]
        words = " ".join(map(str, filter(None, (kind, found.get("stream"), " to ".join(ends)))))
        return words if words.isprintable() else ""
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return ""


def _utc(seconds: int) -> str:
    try:
        return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{seconds} s after 1970"
