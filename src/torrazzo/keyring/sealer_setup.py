# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which sealer a home has: chosen once, with its first ring, and written into `sealer.json`."""

import re
import secrets
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.document import compact, expect_names, expect_number, expect_text, parse_object
from torrazzo.keyring.sealer import Sealer
from torrazzo.keyring.sealer_file import FileSealer
from torrazzo.keyring.tpm import COUNTER_ATTRIBUTES, TpmSealer
from torrazzo.keyring.tpm_maker import why_not_physical
from torrazzo.keyring.tpm_tools import TpmTools

AUTO = "auto"  # the machine's own TPM if it looks like a chip, else files
NONE = "none"  # files
SEALER = "sealer.json"

_DEVICE = Path("/dev/tpmrm0")
_FIRST_INDEX, _INDICES = 0x01810000, 0x10000  # of those that belong to the machine's owner
_WHY_FILE = "the ring's roots lie in files: who keeps a copy of the whole folder can put it back"
_HANDLE = re.compile(r"^- 0x([0-9A-Fa-f]{1,8})$", re.MULTILINE)

log = structlog.get_logger(__name__)


class Choice(NamedTuple):
    """What `sealer.json` says. `handle` of the counter and `first` are None until its counter was set up."""

    tcti: str | None = None  # of the TPM; None: files
    handle: int | None = None
    first: int | None = None

    def text(self) -> bytes:
        """The file's content."""
        if self.tcti is None:
            return compact({"v": 1, "kind": "file"})
        index = None if self.handle is None else f"{self.handle:08x}"
        return compact({"v": 1, "kind": "tpm", "tcti": self.tcti, "index": index, "first": self.first})


def set_up_sealer(disk: Disk, folder: Path, wanted: str = NONE) -> Sealer:
    """The sealer of this keyring folder, for the process that has its lock.

    Where there is none yet, `wanted` decides: `AUTO`, `NONE`, or the TCTI of a TPM. A crash at any moment is made good
    by the next call.
    """
    choice = _read(disk, folder)
    if choice is None:
        if any(name.startswith("ring-") for name in disk.list(folder)):
            raise Damaged(f"{folder / SEALER}: it is gone, and there is a ring; put its last copy back")
        choice = Choice(_chosen(wanted))
        _write(disk, folder, choice)
    if choice.tcti is not None and choice.first is None:
        choice = _set_up_counter(disk, folder, choice.tcti, choice.handle)
    if choice.tcti is None:
        return FileSealer(disk, folder, _WHY_FILE)
    assert choice.handle is not None, "it was just set up"
    assert choice.first is not None, "it was just set up"
    return TpmSealer(TpmTools(choice.tcti), choice.handle, choice.first)


def parse_choice(data: bytes) -> Choice:
    """The inverse of `Choice.text`; raises `Invalid`."""
    found = parse_object(data, SEALER, 4_096)
    if found.get("v") != 1:
        raise Invalid(f"{SEALER}: version {found.get('v')!r}, this program reads 1")
    match found.get("kind"):
        case "file":
            expect_names(found, {"v", "kind"}, SEALER)
            return Choice()
        case "tpm":
            expect_names(found, {"v", "kind", "tcti", "index", "first"}, SEALER)
            index = None if found["index"] is None else _index(expect_text(found["index"], "index"))
            first = None if found["first"] is None else expect_number(found["first"], "first")
            return Choice(expect_text(found["tcti"], "tcti"), index, first)
    raise Invalid(f"{SEALER}: kind {found.get('kind')!r}, expected file or tpm")


def _chosen(wanted: str) -> str | None:
    if wanted == NONE:
        return None
    if wanted != AUTO:
        return wanted
    tcti = f"device:{_DEVICE}"
    try:
        why_not = why_not_physical(TpmTools(tcti)) if _DEVICE.exists() else "this machine shows no TPM"
    except Unavailable as error:
        why_not = str(error)
    if why_not:
        log.warning(
            "keyring_without_tpm", why=why_not, effect="what is shredded is overwritten, which nobody can prove"
        )
    return None if why_not else tcti


def _set_up_counter(disk: Disk, folder: Path, tcti: str, index: int | None) -> Choice:
    """Give the counter its first value: 1. choose a handle, 2. define it, 3. count once, 4. note where it stands."""
    tools = TpmTools(tcti)
    taken = _indices(tools)
    if index is None:  # 1
        index = secrets.choice([i for i in range(_FIRST_INDEX, _FIRST_INDEX + _INDICES) if i not in taken])
        _write(disk, folder, Choice(tcti, index))
    place = f"0x{index:08x}"
    if index not in taken:  # 2
        tools.run("nvdefine", "--quiet", "--hierarchy", "o", "--size", "8", "--attributes", COUNTER_ATTRIBUTES, place)
    tools.run("nvincrement", "--quiet", "--hierarchy", place, place)  # 3
    choice = Choice(tcti, index, TpmSealer(tools, index, 0).counter())
    _write(disk, folder, choice)  # 4
    log.info("keyring_counter_defined", tcti=tcti, index=place, counter=choice.first)
    return choice


def _indices(tools: TpmTools) -> set[int]:
    said = tools.run("getcap", "handles-nv-index").decode("ascii", "replace")
    return {int(handle, 16) for handle in _HANDLE.findall(said)}


def _read(disk: Disk, folder: Path) -> Choice | None:
    try:
        return parse_choice(read_whole(disk, folder / SEALER, 4_096))
    except FileNotFoundError:
        return None
    except Invalid as error:
        raise Damaged(f"{folder}: {error}; put its last copy back") from error


def _write(disk: Disk, folder: Path, choice: Choice) -> None:
    disk.publish(folder / SEALER, choice.text())


def _index(text: str) -> int:
    if not re.fullmatch(r"01[0-9a-f]{6}", text, re.ASCII):
        raise Invalid(f"{SEALER}: index {text!r}, expected eight hex digits that begin with 01")
    return int(text, 16)
