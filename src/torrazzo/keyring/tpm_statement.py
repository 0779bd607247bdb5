# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What TPM2_NV_Certify signs: the value of a counter."""

from torrazzo.keyring.sealer import Attestation
from torrazzo.ledger.chip_statement import ChipStatement, CounterStatement, parse_statement

__all__ = ["CounterStatement", "parse_statement", "verify_attestation"]


def verify_attestation(attestation: Attestation) -> CounterStatement:
    """What was attested; raises as `ChipStatement.verify`."""
    return ChipStatement(attestation.statement, attestation.signature, attestation.key).verify()
