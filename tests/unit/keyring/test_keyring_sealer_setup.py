# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from torrazzo.base.errors import Damaged, Invalid, Refused
from torrazzo.durable import OsDisk
from torrazzo.keyring import sealer_setup
from torrazzo.keyring.sealer import Level
from torrazzo.keyring.sealer_file import FileSealer
from torrazzo.keyring.sealer_setup import AUTO, Choice, parse_choice, set_up_sealer
from torrazzo.keyring.tpm_maker import parse_maker, why_not_physical
from torrazzo.keyring.tpm_tools import TpmTools


class Saying(TpmTools):
    """A TPM of some maker."""

    def __init__(self, maker: bytes) -> None:
        super().__init__("device:/dev/none")
        self._said = (
            b'TPM2_PT_YEAR:\n  raw: 0x7E5\nTPM2_PT_MANUFACTURER:\n  raw: 0x%X\n  value: "x"\n' % int.from_bytes(maker)
        )

    def _run(self, *_: object) -> bytes:
        return self._said


def cpu(folder: Path, flags: str) -> Path:
    (folder / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu vme {flags}\nbugs\t\t: none\n")
    return folder / "cpuinfo"


@pytest.mark.parametrize("maker", [b"IFX\0", b"STM ", b"INTC", b"AMD\0", b"NTC\0"])
def test_a_chip_of_a_known_maker_counts_on_a_real_machine_only(tmp_path: Path, maker: bytes) -> None:
    """What the makers' names mean is told by the processor's flags as well."""
    assert why_not_physical(Saying(maker), cpu(tmp_path, "aes")) == ""
    assert "virtual" in why_not_physical(Saying(maker), cpu(tmp_path, "aes hypervisor lm"))
    assert "virtual" in why_not_physical(Saying(maker), tmp_path / "missing")


@pytest.mark.parametrize("maker", [b"IBM\0", b"MSFT", b"GOOG", b"AMZN", b"VMW\0", b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_other_makers_do_not_count(tmp_path: Path, maker: bytes) -> None:
    """Names that virtual TPMs bear, unknown ones, and none."""
    assert "virtual TPM, or of an unknown maker" in why_not_physical(Saying(maker), cpu(tmp_path, "aes"))
    assert parse_maker("TPM2_PT_YEAR:\n  raw: 0x7E5\n") == ""


def test_without_a_tpm_files_are_taken_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left to itself it looks for the machine's device; what it finds once, it keeps."""
    monkeypatch.setattr(sealer_setup, "_DEVICE", tmp_path / "tpmrm0")
    with capture_logs() as logs:
        sealer = set_up_sealer(OsDisk(), tmp_path, AUTO)
    assert (sealer.level, logs[0]["event"], logs[0]["log_level"]) == (Level.FILE, "keyring_without_tpm", "warning")
    (tmp_path / "tpmrm0").touch()
    with capture_logs() as logs:
        assert isinstance(set_up_sealer(OsDisk(), tmp_path, AUTO), FileSealer)
    assert logs == []


def test_a_device_that_does_not_answer_is_no_tpm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be used, by lack of permission or of the programs, files are taken, and the reason is said."""
    (tmp_path / "tpmrm0").touch()
    monkeypatch.setattr(sealer_setup, "_DEVICE", tmp_path / "tpmrm0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with capture_logs() as logs:
        assert set_up_sealer(OsDisk(), tmp_path, AUTO).level == Level.FILE
    assert "apt-get install tpm2-tools" in logs[0]["why"]


@pytest.mark.parametrize(
    "choice",
    [Choice(), Choice("device:/dev/tpmrm0"), Choice("tabrmd:", 0x01810ABC), Choice("swtpm:path=/x", 0x0181FFFF, 42)],
)
def test_a_choice_comes_back_as_it_was(choice: Choice) -> None:
    """Text and value are each other's inverse."""
    assert parse_choice(choice.text()) == choice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"v":2,"kind":"file"}',
        '{"v":1,"kind":"hsm"}',
        '{"v":1,"kind":"file","tcti":"x"}',
        '{"v":1,"kind":"tpm"}',
        '{"v":1,"kind":"tpm","tcti":"x","index":null}',
        '{"v":1,"kind":"tpm","tcti":1,"index":null,"first":null}',
        '{"v":1,"kind":"tpm","tcti":"x","index":"02810abc","first":1}',
        '{"v":1,"kind":"tpm","tcti":"x","index":"0x1810abc","first":1}',
        '{"v":1,"kind":"tpm","tcti":"x","index":"01810abc","first":-1}',
    ],
    ids=range(11),
)
def test_a_file_that_is_no_choice_is_damage(tmp_path: Path, text: str) -> None:
    """Nothing is guessed: another sealer would not open the ring."""
    with pytest.raises(Invalid):
        parse_choice(text.encode())
    (tmp_path / "sealer.json").write_text(text)
    with pytest.raises(Damaged):
        set_up_sealer(OsDisk(), tmp_path)


def test_what_files_seal_opens_at_its_value_only(tmp_path: Path) -> None:
    """The laws of a sealer, for files: not before, not after; a form that is none is refused."""
    sealer = set_up_sealer(OsDisk(), tmp_path)
    root = bytes(range(32))
    sealed = sealer.seal(root, 1)
    with pytest.raises(Refused):
        sealer.open(sealed)
    sealer.advance(1)
    assert sealer.open(sealed) == root
    for wrong in (b"", sealed + b"\0", sealed[1:], bytes(8)):
        with pytest.raises(Refused):
            sealer.open(wrong)
    again = sealer.seal(root[::-1], 2)
    sealer.advance(2)
    sealer.settle()
    assert sealer.open(again) == root[::-1]
    with pytest.raises(Refused):
        sealer.open(sealed)
    assert not (tmp_path / "root-1").exists()
    assert (sealer.attest(bytes(32)).statement, sealer.first) == (b"", 0)
