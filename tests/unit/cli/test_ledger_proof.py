# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger prove` and `verify`: what they write, take, refuse, and claim."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tools.facts import a_term
from tests.tools.gate_town import WITNESS, SmallLog
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.witness import SOCKET, make_witness, running_witness
from torrazzo.base import SystemClock
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.cli.office import changing
from torrazzo.durable import OsDisk
from torrazzo.ledger import Proof
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import cosign
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.secret import log_names, make_identity
from torrazzo.testing.clock import START
from torrazzo.town import Home
from torrazzo.town.home import WitnessSettings, load_settings, save_settings
from torrazzo.town.office import new_camera

FACTS = a_term(4)
BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


class Proven(NamedTuple):
    """A town whose ledger ran, and what it gave out."""

    home: Home
    keys: Path
    moment: Path  # of the gap at START + 15 s
    fact: Path  # the same, by identity
    act: Path


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Proven:
    folder = tmp_path_factory.mktemp("prove")
    place = folder / "town"
    make_town(place, "Cremona", "Europe/Rome")
    home = Home(place)
    with changing(home) as office:
        office.add(new_camera(FACTS[0].stream.camera, "Via Solferino", ()))
    with CatalogueWriter(home.catalogue_db) as writer:
        writer.insert([Delivered(fact.line) for fact in FACTS])
    found = Proven(home, folder / "keys", folder / "moment", folder / "fact", folder / "act")
    with running(home) as client:
        deliver(home, FACTS)
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) >= len(FACTS))
        when = iso_from_ticks(START + 15 * SECOND)
        base = ("ledger", "prove", "--home", str(place))
        assert main([*base, "via solferino", "--at", when, "-o", str(found.moment)]) == 0
        fact = FACTS[2]
        assert main([*base, f"{fact.stream}/{fact.term}/{fact.n}", "-o", str(found.fact)]) == 0
        assert main([*base, "--act", "0", "-o", str(found.act)]) == 0
        assert main([*base, "--act", "0", "-o", str(found.act)]) == 5, "it is there already"
        assert main([*base, "--act", "99"]) == 3
        assert main([*base, "via solferino", "--at", iso_from_ticks(START - SECOND)]) == 3
        assert main([*base, f"{fact.stream}/{fact.term}/77"]) == 3
        assert main([*base, "via solferino"]) == 2, "a camera without a moment"
        assert main([*base]) == 2
    with found.keys.open("w") as file, contextlib.redirect_stdout(file):
        main(["ledger", "keys", "--home", str(place)])
    return found


def test_a_moment_is_proven_off_line(town: Proven, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The proof of a moment is the fact that tells of it; it holds without the town, and says what it did not check."""
    assert Proof.parse(town.moment.read_bytes()).extra == FACTS[2].line == Proof.parse(town.fact.read_bytes()).extra
    assert main(["ledger", "verify", str(town.moment), "--keys", str(town.keys), "--home", str(tmp_path)]) == 2
    assert main(["ledger", "verify", str(town.moment), "--keys", str(town.keys)]) == 0
    said = capsys.readouterr().out
    assert "It holds: entry 4 of " in said, said  # each of the others has its `late` behind it
    assert "gap 0000000000000001/main" in said
    assert "Not checked" in said
    assert "no witness has signed" in said
    assert main(["ledger", "verify", str(town.act), "--keys", str(town.keys), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["index"], json.loads(told["entry"])["kind"]) == (True, 0, "boot")


def test_a_proof_of_something_else_does_not_hold(
    town: Proven, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another entry, another index, another key: code 1. What is no proof, no entry, nobody to trust: code 2."""
    proof = Proof.parse(town.fact.read_bytes())
    file, other = tmp_path / "proof", tmp_path / "other"
    for changed in (proof._replace(extra=FACTS[1].line), proof._replace(entry_index=proof.entry_index + 2)):
        file.write_bytes(changed.pack())
        assert main(["ledger", "verify", str(file), "--keys", str(town.keys)]) == 1
        assert "does NOT hold" in capsys.readouterr().out
    other.write_text(f"{SmallLog('rec').key.verifier}\n")
    assert main(["ledger", "verify", str(town.fact), "--keys", str(other)]) == 1
    file.write_bytes(proof._replace(extra=b"").pack())
    assert main(["ledger", "verify", str(file), "--keys", str(town.keys)]) == 2, "without the entry"
    other.write_bytes(FACTS[2].line + b"\n")
    assert main(["ledger", "verify", str(file), "--keys", str(town.keys), "--entry", str(other)]) == 0
    file.write_bytes(town.fact.read_bytes()[:-1])
    assert main(["ledger", "verify", str(file), "--keys", str(town.keys)]) == 2, "cut off"
    assert main(["ledger", "verify", str(town.fact)]) == 2, "nobody to trust"
    assert main(["ledger", "verify", str(tmp_path / "none"), "--keys", str(town.keys)]) == 4


def test_a_witness_is_counted_when_the_policy_has_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a witness in the policy its signature and time are told; without its signature nothing holds."""
    log = SmallLog("rec", [b'{"v":1,"kind":"none"}', b'{"kind":"\\u001b[2J","t":1,"x":"\x1b"}'])
    policy, file = tmp_path / "policy", tmp_path / "proof"
    policy.write_text(f"log {log.key.verifier}\nwitness prefettura {WITNESS.verifier}\nquorum prefettura\n")
    entry = log.entry(1)
    for seconds, code in ((1_790_000_000, 0), (None, 1)):
        proof = Proof(1, entry.path, log.note(seconds=seconds), entry.line)
        file.write_bytes(proof.pack())
        assert main(["ledger", "verify", str(file), "--policy", str(policy)]) == code
        said = capsys.readouterr().out
        assert ("witness prefettura had seen no other history of this log by 2026-09-21T14:13:20Z" in said) == (
            not code
        )
        assert "\x1b" not in said, "what an entry holds never reaches the terminal as it is"


def test_a_witness_for_show_is_not_among_what_was_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A demonstration's witness proves nothing to strangers, and it is said so, in words and in JSON."""
    shown = SigningKey("witness.demo.invalid", Kind.COSIGNATURE, bytes(32))
    log = SmallLog("rec", [b'{"v":1,"kind":"none"}'])
    policy, file = tmp_path / "policy", tmp_path / "proof"
    policy.write_text(f"log {log.key.verifier}\nwitness demo {shown.verifier}\nquorum demo\n")
    note = log.note()
    note = note._replace(signatures=(*note.signatures, cosign(note, shown, 1_790_000_000)))
    file.write_bytes(Proof(0, log.entry(0).path, note, log.entries[0]).pack())
    assert main(["ledger", "verify", str(file), "--policy", str(policy)]) == 0
    checked, _, rest = capsys.readouterr().out.partition("Not checked:")
    assert "witness" not in checked
    assert "2. the entry's hash" in checked
    assert "witness demo: it is a demonstration's, for show" in rest
    assert "no second office has signed" in rest
    assert main(["ledger", "verify", str(file), "--policy", str(policy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["for_show"] == ["demo"]


def test_the_proof_bears_the_witness_as_soon_as_it_has_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a town with a witness the proof is under the head that it cosigned; before that it says that it is not."""
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    home = Home(tmp_path / "town")
    identity = make_identity(home, load_settings(home), OsDisk())
    keys = [identity.key(name).verifier for name in log_names(home)]
    place, key = make_witness(tmp_path / "witness", keys)
    witness = WitnessSettings("prefettura", str(key), f"unix:{place.path / SOCKET}", needed=True)
    save_settings(home, OsDisk(), replace(load_settings(home), witnesses=(witness,)))
    at, file, policy = ("--home", str(home.path)), tmp_path / "proof", tmp_path / "policy"
    with policy.open("w") as out, contextlib.redirect_stdout(out):
        assert main(["ledger", "policy", *at]) == 0
    with running(home) as client:
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        assert main(["ledger", "prove", "--act", "0", "-o", str(file), *at]) == 0
        assert "no witness has cosigned" in capsys.readouterr().err
        assert main(["ledger", "verify", str(file), "--policy", str(policy)]) == 1
        with running_witness(place):
            until(lambda: client.status()["witnesses"][0]["sizes"].get("act"))  # type: ignore[index]
            client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        assert main(["ledger", "prove", "--act", "0", "-o", str(file), "--force", *at]) == 0
        assert "no witness" not in capsys.readouterr().err
    assert main(["ledger", "verify", str(file), "--policy", str(policy)]) == 0
    assert "witness prefettura had seen no other history" in capsys.readouterr().out
