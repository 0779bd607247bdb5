# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sealer of a TPM, on a real software TPM."""

import base64
import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from tests.tools.ring_keys import read_ring
from tests.tools.sealers import needs_software_tpm, software_tpm
from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, Unavailable
from torrazzo.durable import OsDisk
from torrazzo.durable.memory_file import MemoryFile
from torrazzo.keyring import KeyClient, KeyName, run_keyring
from torrazzo.keyring.process import Manner
from torrazzo.keyring.ring_file import parse_ring_file
from torrazzo.keyring.sealer import Level
from torrazzo.keyring.sealer_setup import parse_choice, set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.tpm import COUNTER_ATTRIBUTES, TpmSealer
from torrazzo.keyring.tpm_statement import parse_statement, verify_attestation
from torrazzo.keyring.tpm_tools import TpmError, TpmTools
from torrazzo.testing.clock import FakeClock
from torrazzo.town.home import Home, new_settings, save_settings

pytestmark = needs_software_tpm

NAMES = [KeyName(hour, "standard") for hour in range(5)]


@pytest.fixture(scope="module")
def tcti(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with software_tpm(tmp_path_factory.mktemp("tpm")) as found:
        yield found


@pytest.fixture
def sealer(tcti: str, tmp_path: Path) -> TpmSealer:
    """With a counter of its own."""
    found = set_up_sealer(OsDisk(), tmp_path, tcti)
    assert isinstance(found, TpmSealer)
    return found


def new_root() -> bytes:
    return secrets.token_bytes(32)


def test_a_root_opens_at_its_value_and_never_again(sealer: TpmSealer) -> None:
    """Sealed to the next value it opens after one count, not before, and not after another."""
    root, start = new_root(), sealer.counter()
    assert start == sealer.first
    now, next_ = sealer.seal(root, start), sealer.seal(root[::-1], start + 1)
    assert sealer.open(now) == root
    with pytest.raises(Refused, match=str(start)):
        sealer.open(next_)
    sealer.advance(start + 1)
    assert sealer.counter() == start + 1
    assert sealer.open(next_) == root[::-1]
    with pytest.raises(Refused):
        sealer.open(now)
    sealer.advance(start + 3)
    with pytest.raises(Refused):
        sealer.open(next_)


def test_a_claim_about_the_counter_is_no_use(sealer: TpmSealer) -> None:
    """Who tells the TPM another value than the counter has, higher or lower, is refused by the TPM itself."""

    class Lying(TpmSealer):
        def counter(self) -> int:
            return claimed

    liar = Lying(sealer._tools, int(sealer._handle, 16), sealer.first)
    start = claimed = sealer.counter()
    sealed = [sealer.seal(new_root(), start + ahead) for ahead in range(3)]
    assert liar.open(sealed[0])
    sealer.advance(start + 1)
    for claimed in range(start, start + 3):
        for at, each in enumerate(sealed):
            if at == 1 and claimed == start + 1:
                assert liar.open(each)
            else:
                with pytest.raises(Refused):
                    liar.open(each)


def test_a_counter_made_anew_brings_nothing_back(sealer: TpmSealer) -> None:
    """Removed, the counter opens nothing; defined again it begins above, and what was sealed to it stays shut."""
    start, tools, handle = sealer.counter(), sealer._tools, sealer._handle
    sealed = [sealer.seal(new_root(), start + ahead) for ahead in range(3)]
    tools.run("nvundefine", "--hierarchy", "o", handle)
    with pytest.raises(Damaged, match="no counter"):
        sealer.counter()
    with pytest.raises(Damaged, match="no counter"):
        sealer.open(sealed[0])
    tools.run("nvdefine", "--quiet", "--hierarchy", "o", "--size", "8", "--attributes", COUNTER_ATTRIBUTES, handle)
    with pytest.raises(Damaged, match="no counter"):
        sealer.counter()
    tools.run("nvincrement", "--hierarchy", handle, handle)
    assert sealer.counter() > start
    for at, each in enumerate(sealed):
        if start + at != sealer.counter():
            with pytest.raises(Refused):
                sealer.open(each)


def test_an_index_that_is_no_counter_does_not_stand_in_for_it(sealer: TpmSealer) -> None:
    """An ordinary index at the same handle, into which somebody writes the old value, opens nothing."""
    start, tools, handle = sealer.counter(), sealer._tools, sealer._handle
    sealed = sealer.seal(new_root(), start)
    tools.run("nvundefine", "--hierarchy", "o", handle)
    attributes = COUNTER_ATTRIBUTES.replace("nt=counter", "nt=ordinary")
    tools.run("nvdefine", "--quiet", "--hierarchy", "o", "--size", "8", "--attributes", attributes, handle)
    with MemoryFile(start.to_bytes(8)) as value:
        tools.run("nvwrite", "--hierarchy", handle, "--input", value.path, handle, files=[value])
    assert sealer.counter() == start
    with pytest.raises(Refused):
        sealer.open(sealed)


def test_another_tpm_opens_nothing(sealer: TpmSealer, tmp_path: Path) -> None:
    """What one TPM sealed, another one with a counter of the same handle and value refuses."""
    sealed = sealer.seal(new_root(), 1)
    with software_tpm(tmp_path / "other") as tcti:
        tools = TpmTools(tcti)
        tools.run(
            "nvdefine", "--quiet", "--hierarchy", "o", "--size", "8", "--attributes", COUNTER_ATTRIBUTES, sealer._handle
        )
        tools.run("nvincrement", "--hierarchy", sealer._handle, sealer._handle)
        other = TpmSealer(tools, int(sealer._handle, 16), 0)
        assert other.counter() == 1
        with pytest.raises(Refused, match="another TPM"):
            other.open(sealed)


def test_the_tpm_signs_its_counter(sealer: TpmSealer) -> None:
    """The statement has the value, what it is about, and a name; one flipped bit anywhere is noticed."""
    about = secrets.token_bytes(32)
    first, again = sealer.attest(about), sealer.attest(about)
    said = verify_attestation(first)
    assert (said.counter, said.about, len(said.name)) == (sealer.counter(), about, 34)
    assert first.key == again.key  # drawn from the same seed
    sealer.advance(sealer.counter() + 1)
    later = verify_attestation(sealer.attest(about))
    assert (later.counter, later.name) == (said.counter + 1, said.name)
    for at in range(0, len(first.statement), 7):
        flipped = bytearray(first.statement)
        flipped[at] ^= 1
        with pytest.raises(Damaged):
            verify_attestation(replace(first, statement=bytes(flipped)))


def test_a_statement_is_read_strictly(sealer: TpmSealer) -> None:
    """Cut off, longer, or of another kind: it is no statement about a counter."""
    whole = sealer.attest(bytes(32)).statement
    assert parse_statement(whole).counter == sealer.counter()
    for wrong in (*(whole[:length] for length in range(len(whole))), whole + b"\0", b"\0" + whole[1:]):
        with pytest.raises(Invalid):
            parse_statement(wrong)


def test_a_virtual_tpm_counts_as_a_file(sealer: TpmSealer) -> None:
    """It does what a chip does, and is not called one."""
    assert sealer.level == Level.FILE
    assert "virtual" in sealer.why
    assert sealer.attest(bytes(32)).level == Level.FILE


def test_no_secret_stands_in_a_command_or_on_a_disk(
    sealer: TpmSealer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the programs are called with, their environment and every file in the home hold no root, in no form."""
    tools, log = tmp_path / "tools", tmp_path / "log"
    tools.mkdir()
    for name in ("create", "createprimary", "load", "unseal", "policynv", "startauthsession", "nvincrement", "nvread"):
        script = tools / f"tpm2_{name}"
        real = shutil.which(script.name)
        script.write_text(f'#!/bin/sh\n{{ echo "$0 $@"; env; }} >>"{log}"\nexec {real} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    root = new_root()
    sealed = sealer.seal(root, sealer.counter())
    (tmp_path / "sealed").write_bytes(sealed)
    assert sealer.open(sealed) == root
    said = log.read_bytes()
    assert said.count(b"tpm2_create ") == said.count(b"tpm2_unseal ") == 1
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(form in data for form in (root, root.hex().encode(), base64.b64encode(root)[:40])), path


def test_nothing_is_left_in_the_tpm(sealer: TpmSealer) -> None:
    """After all these acts there is no loaded object nor session more than before, also after those that failed."""

    def held() -> list[bytes]:
        kinds = ("handles-transient", "handles-loaded-session", "handles-saved-session")
        return [sealer._tools.run("getcap", kind) for kind in kinds]

    before = held()
    sealed = sealer.seal(new_root(), sealer.counter() + 1)
    with pytest.raises(Refused):
        sealer.open(sealed)
    sealer.attest(bytes(32))
    assert held() == before
    assert before[:2] == [b"", b""]


def test_without_its_programs_or_its_device_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names the package that is missing, or the TPM that does not answer."""
    with pytest.raises(Unavailable, match="nowhere"):
        TpmSealer(TpmTools(f"swtpm:path={tmp_path}/nowhere"), 1, 0).counter()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="apt-get install tpm2-tools"):
        TpmSealer(TpmTools("swtpm:"), 1, 0).counter()


class DyingTools(TpmTools):
    """The program ends after its n-th command; or never, and only tells them."""

    left = 0
    said: ClassVar[list[str]] = []

    def _run(self, name: str, words: Sequence[str], files: Sequence[MemoryFile], given: bytes) -> bytes:
        answer = super()._run(name, words, files, given)
        type(self).left -= 1
        self.said.append(name)
        if self.left <= 0:
            raise Dies
        return answer


class Dies(BaseException):
    """No handler of ours may catch it."""


def dying(left: int) -> type[DyingTools]:
    return type("Dying", (DyingTools,), {"left": left, "said": []})


def test_a_set_up_that_was_cut_off_is_made_good(tcti: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it died, the next start ends with one counter, of the handle that was chosen first."""
    for left in range(1, 9):
        home, tools = tmp_path / str(left), dying(left)
        home.mkdir()
        has_died = False
        with monkeypatch.context() as patch:
            patch.setattr("torrazzo.keyring.sealer_setup.TpmTools", tools)
            try:
                set_up_sealer(OsDisk(), home, tcti)
            except Dies:
                has_died = True
        before = parse_choice((home / "sealer.json").read_bytes())
        sealer = set_up_sealer(OsDisk(), home, tcti)
        now = parse_choice((home / "sealer.json").read_bytes())
        assert before.handle in (None, now.handle)
        assert sealer.first == sealer.counter() == now.first
        if not has_died:
            assert tools.said == ["getcap", "nvdefine", "nvincrement", "nvread"]
            return
    pytest.fail("it died again and again")


def cut_offs(commands: Sequence[str], every: int) -> list[int]:
    """After which of these commands to die: some, and each that is near a count."""
    counts = [at for at, name in enumerate(commands, 1) if name == "nvincrement"]
    near = {at + step for at in counts for step in (-2, -1, 0, 1, 2)}
    return sorted(near | set(range(1, len(commands) + 1, every)))


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.long)])
def test_a_shred_that_was_cut_off_at_a_command_is_ended(
    sealer: TpmSealer, tcti: str, tmp_path: Path, every: int
) -> None:
    """The ring is the old or the new one after each command, and the next life ends what was begun."""

    def new_life(tools: TpmTools) -> RingStore:
        store = RingStore(OsDisk(), tmp_path, TpmSealer(tools, int(sealer._handle, 16), sealer.first))
        store.load()
        return store

    def shred(tools: TpmTools, first: int) -> None:
        new_life(tools).shred(KeyName(first + at, "standard") for at in range(2))

    store = new_life(TpmTools(tcti))
    store.draw(KeyName(hour, "standard") for hour in range(5))
    whole = dying(1 << 20)
    shred(whole(tcti), 0)
    assert whole.said.count("nvincrement") == 1
    for run, left in enumerate(cut_offs(whole.said, every), 1):
        store = new_life(TpmTools(tcti))
        names = [KeyName(10 * run + at, "standard") for at in range(5)]
        store.draw(names)
        keys, tools = dict(store.ring.keys), dying(left)
        with contextlib.suppress(Dies):
            shred(tools(tcti), 10 * run)
        found = read_ring(OsDisk(), tmp_path)
        assert found is not None
        assert found.keys in (keys, {name: key for name, key in keys.items() if name not in names[:2]})
        assert "nvincrement" in tools.said or found.keys == keys
        store = new_life(TpmTools(tcti))
        told = store.shred(names[:2])
        assert told.names == tuple(names[:2])
        assert verify_attestation(told.attestation).about == told.ring_root == store.ring.root()
        assert [path.name for path in tmp_path.glob("*ring*")] == [f"ring-{told.counter}"]


def test_an_old_ring_put_back_opens_no_more(sealer: TpmSealer, tmp_path: Path) -> None:
    """Beside the living ring it is removed; in its place, under either name, it is refused and told."""
    store = RingStore(OsDisk(), tmp_path, sealer)
    store.load()
    store.draw(NAMES)
    old = tmp_path / f"ring-{sealer.counter()}"
    kept = old.read_bytes()
    told = store.shred(NAMES[:2])
    old.write_bytes(kept)
    assert RingStore(OsDisk(), tmp_path, sealer).load() == store.ring
    assert not old.exists()
    living = tmp_path / f"ring-{told.counter}"
    living.write_bytes(kept)
    with pytest.raises(Refused, match="put back"):
        RingStore(OsDisk(), tmp_path, sealer).load()
    living.unlink()
    old.write_bytes(kept)
    with pytest.raises(Refused, match="shredded"):
        RingStore(OsDisk(), tmp_path, sealer).load()
    assert old.read_bytes() == kept
    with pytest.raises(Refused):
        sealer.open(parse_ring_file(kept).sealed)


def test_a_counter_that_somebody_moves_stops_the_keyring(sealer: TpmSealer, tmp_path: Path) -> None:
    """Another program that counts with it kills the ring: that is told, and nothing is overwritten."""
    store = RingStore(OsDisk(), tmp_path, sealer)
    store.load()
    store.draw(NAMES)
    (path,) = tmp_path.glob("ring-*")
    kept = path.read_bytes()
    sealer.advance(sealer.counter() + 1)
    with pytest.raises((Refused, Stopped)):
        store.draw([KeyName(9, "standard")])
    with pytest.raises(Refused, match="shredded"):
        RingStore(OsDisk(), tmp_path, sealer).load()
    assert path.read_bytes() == kept


def keys_of(home: Home) -> int:
    """How many the running keyring has; 0 until one answers."""
    with contextlib.suppress(Unavailable):
        found = KeyClient(home.path).status().values["keys"]
        assert isinstance(found, int)
        return found
    return 0


def test_a_keyring_lives_on_a_tpm(tcti: str, tmp_path: Path) -> None:
    """The process makes its keys there, and says what that is worth."""
    clock, stop, home = FakeClock(), threading.Event(), Home(tmp_path / "town")
    OsDisk().make_folder(home.path)
    save_settings(home, OsDisk(), new_settings(home, "Cremona"))
    places = (home.path, clock, OsDisk(), stop, Manner(look_seconds=0.05, sealing=tcti))
    thread = threading.Thread(target=run_keyring, args=places)

    def wait_for(count: int) -> None:
        for _ in range(6_000):
            if keys_of(home) == count or not thread.is_alive():
                return
            stop.wait(0.01)

    thread.start()
    try:
        wait_for(51)
        level = KeyClient(home.path).status().level
        clock.step(3_600)
        wait_for(52)
    finally:
        stop.set()
        thread.join(60)
    assert level == "file"  # this one is software
    ring = read_ring(OsDisk(), home.keyring)
    assert ring is not None
    assert len(ring.keys) == 52


def test_response_codes_are_understood(tcti: str) -> None:
    """The TPM's own code comes with the error, as these programs print it; others are no code of the TPM's."""
    with pytest.raises(TpmError, match="tpm2_nvread") as caught:
        TpmTools(tcti).run("nvread", "--hierarchy", "0x0181ffff", "0x0181ffff")
    assert caught.value.code == 0x18B
    with pytest.raises(TpmError) as caught:
        TpmTools(tcti).run("nvread", "--no-such-option")
    assert caught.value.code == 0
