# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a TPM is a chip: a virtual one is set back with its machine, and with it every ring that was shredded.

It is taken for a chip only if it names a maker of chips and the machine does not say that it is a virtual one. What
cannot be told from inside: a hypervisor that hides itself and lies about the maker. Who must be sure checks the
certificate of the TPM's endorsement key against its maker's, when the machine is installed.
"""

import re
from pathlib import Path

from torrazzo.keyring.tpm_tools import TpmTools

# Of the TCG's registry of vendor identifiers: those who make chips, or the firmware of a processor's own. Google,
# Microsoft, IBM, Amazon and VMware are missing, whose names virtual TPMs bear.
MAKERS = frozenset({
    "AMD", "ATML", "BRCM", "HISI", "IFX", "INTC", "NSG", "NSM", "NTC", "NTZ", "QCOM", "ROCC", "STM", "SNS", "WEC",
})  # fmt: skip

_MAKER = re.compile(r"^TPM2_PT_MANUFACTURER:\n\s+raw: 0x([0-9A-Fa-f]{1,8})$", re.MULTILINE)
_VIRTUAL = re.compile(r"^flags\s*:.*\bhypervisor\b", re.MULTILINE)


def why_not_physical(tools: TpmTools, cpu: Path = Path("/proc/cpuinfo")) -> str:
    """Why it does not count as a chip; empty if it does. May raise `TpmError`."""
    maker = parse_maker(tools.run("getcap", "properties-fixed").decode("utf-8", "replace"))
    if maker not in MAKERS:
        return f"a virtual TPM, or of an unknown maker ({maker!r}): it may be set back with its machine"
    try:
        is_virtual = _VIRTUAL.search(cpu.read_text("utf-8", "replace")) is not None
    except OSError:
        is_virtual = True
    return "the machine is a virtual one, and its TPM may be set back with it" if is_virtual else ""


def parse_maker(said: str) -> str:
    """The maker's name out of what `tpm2_getcap properties-fixed` prints; empty if it names none."""
    found = _MAKER.search(said)
    return int(found[1], 16).to_bytes(4).decode("ascii", "replace").strip("\0 ") if found else ""
