# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's provider as the owner of the home sets it up: the same here and at the other end of the socket."""

from collections.abc import Mapping
from typing import Any

from torrazzo.access.providers import Identity, Provider
from torrazzo.access.staff import By, Done
from torrazzo.access.staffing import Staffing
from torrazzo.base.errors import Invalid
from torrazzo.base.secret import Secret
from torrazzo.control_room.provider_desk import check_provider


def provider_from_wire(said: Mapping[str, Any]) -> Provider:
    """As `provider_to_wire` wrote it; raises `Invalid`."""
    issuer, name, client = (said.get(key) for key in ("issuer", "name", "client"))
    if not isinstance(issuer, str) or not isinstance(name, str) or not isinstance(client, str):
        raise Invalid("a provider has an issuer, a name and a client id")
    secret, ca = said.get("secret"), said.get("ca")
    hosts, acr = (tuple(map(str, said.get(key) or ())) for key in ("hosts", "acr"))
    found = Provider(issuer, name, client, None if secret is None else Secret(str(secret)), hosts, acr, ca)
    check_provider(found)
    return found


def provider_to_wire(provider: Provider) -> dict[str, object]:
    """With its secret, which goes over the owner's own socket and nowhere else."""
    secret = None if provider.secret is None else provider.secret.reveal()
    return {**provider._asdict(), "secret": secret}


def show_provider(staffing: Staffing) -> dict[str, object]:
    """As it is set up, without its secret, and who comes in by it."""
    found = staffing.providers.one()
    names = {account.id: account.name for account in staffing.accounts.all()}
    bound = [
        {"name": names[person], "subject": subject}
        for person, issuer, subject in staffing.providers.bound()
        if found is not None and issuer == found.issuer
    ]
    told = None if found is None else {**found._asdict(), "secret": found.secret is not None}
    return {"provider": told, "bound": bound}


def change_provider(staffing: Staffing, what: str, said: Mapping[str, Any], by: By) -> Done[None]:
    """`set`, `remove`, `bind` and `unbind`."""
    if what == "set":
        return staffing.providers.set_up(provider_from_wire(said), by)
    if what == "remove":
        return staffing.providers.remove(by)
    account = staffing.accounts.named(str(said.get("name")))
    if what == "unbind":
        return staffing.providers.unbind(account.id, by._replace(reason=f"{account.name}: {by.reason}"))
    provider = staffing.providers.one()
    if what != "bind" or provider is None:
        raise Invalid("set up a provider first: `torrazzo access oidc set`")
    subject = Identity(provider.issuer, str(said.get("subject")), has_second=False)
    return staffing.providers.bind(account.id, subject, by)
