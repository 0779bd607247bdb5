# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's policy, made from its settings: its two logs, its witnesses, and whose cosignature is needed.

The settings are where it is said. Strangers are given it (`ledger policy`, packages). The file `policy` of a home, made
of what is printed, has keyring and control room wait for the same; what the keyring pins (`keyring/policy`) are the
logs' keys, and its quorum line says nothing.
"""

from collections.abc import Iterable, Sequence

from torrazzo.base.errors import Invalid
from torrazzo.ledger.key import Kind, VerifierKey
from torrazzo.ledger.policy import Group, Log, Policy, Witness
from torrazzo.town.home import WitnessSettings

NEEDED = "needed"  # the group of those without whom a head does not count
NONE = "none"

DIFFERS = (
    "it has other witnesses, or another quorum, than torrazzo.toml, by which `ledger policy` and packages tell "
    "strangers what to demand; make it anew as docs/1-operate/second-office.md has it"
)


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


def is_as_set(found: Policy, witnesses: Sequence[WitnessSettings]) -> bool:
    """Whether a policy demands what those of the settings do; its logs, and where witnesses are, are its own affair."""
    told = tuple(witness._replace(url=None) for witness in found.witnesses)
    return found._replace(logs=(), witnesses=told) == town_policy((), witnesses)


def witness_key(witness: WitnessSettings) -> VerifierKey:
    """Raises `Invalid` for one that is none, or no witness's."""
    try:
        key = VerifierKey.parse(witness.key)
    except Invalid as error:
        raise Invalid(f"torrazzo.toml, ledger.witness {witness.name}: {error}") from error
    if key.kind != Kind.COSIGNATURE:
        raise Invalid(f"torrazzo.toml, ledger.witness {witness.name}: {key} is no witness's key")
    return key
