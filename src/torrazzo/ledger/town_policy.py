# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's policy, made from its settings: its two logs, its witnesses, and whose cosignature is needed."""

from collections.abc import Iterable, Sequence

from torrazzo.base.errors import Invalid
from torrazzo.ledger.key import Kind, VerifierKey
from torrazzo.ledger.policy import Group, Log, Policy, Witness
from torrazzo.town.home import WitnessSettings

NEEDED = "needed"  # the group of those without whom a head does not count
NONE = "none"


def town_policy(
    logs: Iterable[VerifierKey], witnesses: Sequence[WitnessSettings], *, is_quorate: bool = True
) -> Policy:
    """What verifiers are given. Not quorate: for who takes heads that nobody had time to cosign.

    Raises `Invalid` for keys that are none, or stand twice.
    """
    known = tuple(Witness(witness.name, witness_key(witness)) for witness in witnesses)
    needed = tuple(witness.name for witness in witnesses if witness.needed)
    groups = (Group(NEEDED, len(needed), needed),) if needed and is_quorate else ()
    policy = Policy(tuple(map(Log, logs)), known, groups, NEEDED if groups else NONE)
    return Policy.parse(policy.pack())


def witness_key(witness: WitnessSettings) -> VerifierKey:
    """Raises `Invalid` for one that is none, or no witness's."""
    try:
        key = VerifierKey.parse(witness.key)
    except Invalid as error:
        raise Invalid(f"torrazzo.toml, ledger.witness {witness.name}: {error}") from error
    if key.kind != Kind.COSIGNATURE:
        raise Invalid(f"torrazzo.toml, ledger.witness {witness.name}: {key} is no witness's key")
    return key
