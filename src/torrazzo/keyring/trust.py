# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom the keyring believes: the logs' keys, the town's policy, and the heads that it goes on from.

    policy      the logs' verifier keys as they were at set-up, in C2SP tlog-policy form: pinned
    heads.json  the largest heads seen; one that is null is yet to be trusted, at set-up or by order

`<home>/policy`, where the town has one, says which witnesses must have signed a head; `log` lines in it take the place
of the pinned ones. Else the witnesses of torrazzo.toml are heard, and none is needed.
"""

from pathlib import Path
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.heads import Heads
from torrazzo.ledger import Policy
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import Identity
from torrazzo.ledger.policy import MAX_BYTES, Log
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.town.home import Home, Settings

HEADS = "heads.json"
PINNED = "policy"

_LIMIT = 4_096


class Trust(NamedTuple):
    """All of it."""

    heads: Heads
    policy: Policy


class TrustStore:
    """On disk, in the keyring's folder."""

    def __init__(self, disk: Disk, home: Home, settings: Settings) -> None:
        self._disk, self._home, self._settings = disk, home, settings

    def set_up(self) -> None:
        """In a town that has no keyring yet, before it has one: the first heads that the ledger shows are trusted."""
        if not self._exists(HEADS):
            town = self._settings.ledger_name
            self.save_heads(Heads.of_town(f"{town}/rec", f"{town}/act"))

    def load(self) -> Trust | None:
        """None while there is no ledger; raises `Damaged` where what was kept of it is gone or cannot be read."""
        heads = self._heads()
        if heads is None:
            raise self._gone(HEADS)
        if heads.rec.head is None and heads.act.head is None and not self._exists(PINNED):
            try:
                self._pin(load_identity(self._home, self._settings), heads)
            except Unavailable:
                return None
        pinned = self._policy(self._home.keyring / PINNED)
        if pinned is None:
            raise self._gone(PINNED)
        policy = self._policy(self._home.policy)
        if policy is None:
            return Trust(heads, self._with_witnesses(pinned))
        return Trust(heads, policy if policy.logs else policy._replace(logs=pinned.logs))

    def save_heads(self, heads: Heads) -> None:
        """Safely on disk on return; raises OSError."""
        self._disk.publish(self._home.keyring / HEADS, heads.pack())

    def forget(self, ledger: LedgerClient) -> None:
        """By order of people: the ledger that runs is trusted as it is, under the names that it has now.

        1. Its keys are pinned. 2. The heads seen are forgotten: the next ones are the first.
        """
        status = ledger.status()
        origins = []
        for log in ("rec", "act"):
            told = status.get(log)
            if not isinstance(told, dict) or not isinstance(told.get("origin"), str):
                raise Unavailable("the ledger does not say what its logs are called; see `torrazzo ledger status`")
            origins.append(told["origin"])
        heads = Heads.of_town(*origins)
        self._pin(load_identity(self._home, self._settings), heads)  # 1
        self.save_heads(heads)  # 2

    def _with_witnesses(self, pinned: Policy) -> Policy:
        """Those of the settings are heard, and not waited for."""
        try:
            return town_policy([log.key for log in pinned.logs], self._settings.witnesses, is_quorate=False)
        except Invalid as error:
            raise Damaged(f"{self._home.settings_file}: {error}; correct it") from error

    def _pin(self, identity: Identity, heads: Heads) -> None:
        logs = tuple(Log(identity.key(identity.name_of(seen.origin)).verifier) for seen in heads)
        self._disk.publish(self._home.keyring / PINNED, Policy(logs, (), (), "none").pack())

    def _heads(self) -> Heads | None:
        path = self._home.keyring / HEADS
        try:
            return Heads.parse(read_whole(self._disk, path, _LIMIT))
        except FileNotFoundError:
            return None
        except Invalid as error:
            raise Damaged(f"{path}: {error}; put its last copy back, or `torrazzo keyring trust-heads`") from error

    def _policy(self, path: Path) -> Policy | None:
        try:
            return Policy.parse(read_whole(self._disk, path, MAX_BYTES))
        except FileNotFoundError:
            return None
        except Invalid as error:
            raise Damaged(f"{path}: {error}; correct it") from error

    def _gone(self, name: str) -> Damaged:
        return Damaged(
            f"{self._home.keyring / name}: it is gone, and no ledger is believed; put its copy back, or, if the ledger"
            " is right, `torrazzo keyring trust-heads`"
        )

    def _exists(self, name: str) -> bool:
        return name in self._disk.list(self._home.keyring)
