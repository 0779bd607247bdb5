# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The vault's ring on a real software TPM, beside the hours' own: each has a counter."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, STREAM, TERM, hold_values
from tests.tools.sealers import needs_software_tpm, software_tpm
from torrazzo.base.errors import Refused
from torrazzo.base.times import hour_of
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.vault import Vault
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.identity import EntryName

pytestmark = needs_software_tpm

HOUR = KeyName(hour_of(NOW), "standard")
KEYS = {n: bytes([n]) * 32 for n in (1, 2)}


@pytest.fixture(scope="module")
def tcti(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with software_tpm(tmp_path_factory.mktemp("tpm")) as found:
        yield found


def put(vault: Vault, number: int) -> None:
    act = parse_act(pack_act("hold", NOW, hold_values()))
    vault.put(EntryName("act", number), act, STREAM, TERM, HOUR, KEYS)


def test_a_released_hold_opens_from_no_copy(tcti: str, tmp_path: Path) -> None:
    """The whole vault put back as it was before a release opens no more; another hold, and the hours' ring, go on."""
    disk, told = OsDisk(), list[Mapping[str, object]]()
    disk.make_folder(tmp_path / "keyring")
    hours = RingStore(disk, tmp_path / "keyring", set_up_sealer(disk, tmp_path / "keyring", tcti))
    hours.draw([HOUR])
    vault = Vault(disk, tmp_path / "vault", lambda _kind, values: told.append(values), tcti)
    put(vault, 7)
    put(vault, 8)
    shutil.copytree(tmp_path / "vault", tmp_path / "copy")
    vault.release(EntryName("act", 7))
    assert [(fact["hold"], fact["left"], fact["state"] is not None) for fact in told] == [("act-7", 1, True)]
    assert len(list((tmp_path / "vault" / "statements").iterdir())) == 1
    assert vault.keys(STREAM, TERM, [1, 2]) == KEYS
    assert hours.ring.keys.keys() == {HOUR}
    stolen = Vault(disk, tmp_path / "copy", lambda *_: None, tcti)
    stolen.load()
    assert stolen.troubles
    with pytest.raises(Refused):
        RingStore(disk, tmp_path / "copy" / "ring", set_up_sealer(disk, tmp_path / "copy" / "ring")).load()
