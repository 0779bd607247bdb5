# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A conversation with one device: where its services are, how it wants to be signed in to, how far its clock is off.

HTTP Digest first. Where a device asks for it in SOAP, a UsernameToken's digest by the device's own clock; many refuse
one that is some seconds off. Neither shows the password; Basic, which does, is never used.
"""

import secrets
from collections.abc import Awaitable, Callable

from torrazzo.base.clock import Clock
from torrazzo.base.secret import Secret
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.camera import limits
from torrazzo.camera.address import Address
from torrazzo.camera.auth import Credentials
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import device
from torrazzo.camera.onvif.addresses import device_address, service_address, target
from torrazzo.camera.onvif.errors import Fault, NotOnvif
from torrazzo.camera.onvif.http import Answer, Trust, post
from torrazzo.camera.onvif.soap import DEVICE, Call, T, read_answer, username_token, write_envelope
from torrazzo.camera.onvif.xml import Element

Send = Callable[[Address, list[tuple[str, str]], bytes, Trust, float], Awaitable[Answer]]


class Client:
    """One loop uses it; calls may follow one another, not overlap."""

    def __init__(
        self,
        where: str,
        username: str | None,
        password: Secret | None,
        clock: Clock,
        trust: Trust | None = None,
        send: Send = post,
    ) -> None:
        """`send` carries one request: the network, or a test."""
        self.address = device_address(where)
        self.services: dict[str, str] = {DEVICE: self.address.url}
        self.offset: int | None = None  # ticks by which the device's clock is ahead; None: not known
        self._username, self._password = username, password or Secret("")
        self._clock, self._trust, self._send = clock, trust or Trust(), send
        self._digest = Credentials(username, password, lambda: secrets.token_hex(8))
        self._digest.allows_basic = False
        self._signs_soap = False

    async def open(self) -> None:
        """Ask for its clock, then for its services. Raises `CameraError`."""
        before = self._clock.utc()
        try:
            told = await self.ask(device.get_clock())
        except Fault:  # it wants to know us first, or has no clock
            told = None
        if told is not None:
            self.offset = told - (before + self._clock.utc()) // 2
        try:
            found = await self.ask(device.get_services())
        except Fault as fault:
            if fault.wants_sign_in:
                raise
            found = await self.ask(device.get_capabilities())
        self.services.update({name: address for name, address in found.items() if name != DEVICE})

    def has(self, service: str) -> bool:
        """Whether it has such a service, as far as it says."""
        return service in self.services

    async def ask(self, call: Call[T]) -> T:
        """Its answer. Raises `Fault` where the device says no, or else `CameraError`."""
        said = call.at or self.services.get(call.service, "")
        if not said:
            raise CameraError(f"the device has no service {call.service}", "nosignal")
        where = service_address(self.address, said)
        may_digest, signed_soap = True, self._signs_soap
        for _ in range(limits.ONVIF_TRIES):
            seconds = limits.ONVIF_SECONDS + call.seconds
            answer = await self._send(where, *self._write(call, where), self._trust, seconds)
            if self._username is None or not _wants_sign_in(answer):
                return call.read(self._check(answer, call.body.name, where))
            if may_digest and self._digest.take(answer.all("www-authenticate")) is not None:
                may_digest = False  # once a call: some devices never say that a nonce is stale
            elif not self._signs_soap:
                self._signs_soap = True
            else:
                break
        self._signs_soap = signed_soap  # it was not that: this user may not do this
        raise self._refused(where)

    def _write(self, call: Call[T], where: Address) -> tuple[list[tuple[str, str]], bytes]:
        header = call.header
        if self._signs_soap and self._username is not None:
            created = iso_from_ticks(UtcTicks(self._clock.utc() + (self.offset or 0)))
            header = (username_token(self._username, self._password, secrets.token_bytes(16), created), *header)
        headers = [("Content-Type", f'application/soap+xml; charset=utf-8; action="{call.action_uri}"')]
        if (signed := self._digest.authorize("POST", target(where))) is not None:
            headers.append(("Authorization", signed))
        return headers, write_envelope(call.body, header)

    def _check(self, answer: Answer, asked: str, where: Address) -> Element:
        if 300 <= answer.status < 400:
            raise NotOnvif(f"{where.place} points elsewhere, which is not followed: name the right address")
        if answer.status == 401 or _wants_sign_in(answer):
            raise self._refused(where)
        if answer.status in {200, 202} or answer.body.lstrip()[:1] == b"<":
            return read_answer(answer.body, asked)
        raise NotOnvif(f"{where.place} answers {answer.status} to {asked}: no ONVIF there")

    def _refused(self, where: Address) -> CameraError:
        if self._username is None:
            return CameraError(f"{where.place} wants a user and a password", "auth")
        clock = "" if self.offset is not None else "; or its clock is off, and it does not tell by how much"
        return CameraError(f"{where.place} does not take this user and password, or not for this{clock}", "auth")


def _wants_sign_in(answer: Answer) -> bool:
    if answer.status == 401:
        return True
    if b"Fault" not in answer.body:  # some devices send theirs as if all were well: the status says nothing
        return False
    try:
        read_answer(answer.body, "")
    except Fault as fault:
        return fault.wants_sign_in
    except CameraError:
        return False
    return False
