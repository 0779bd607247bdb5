# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a network who is there: one question to a group, answers for some seconds."""

import asyncio
import contextlib
import socket
import uuid

from torrazzo.camera import limits
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif.discovery import GROUP, Found, Gathering

_AGAIN_SECONDS = 0.5  # datagrams are lost
_HOPS = 1  # nobody beyond this network is asked


async def discover(seconds: float = 3.0, interface: str = "", group: tuple[str, int] = GROUP) -> list[Found]:
    """All devices that answer. `interface` is an address of ours: the network that is asked. Raises `CameraError`."""
    gathering = Gathering((str(uuid.uuid4()), str(uuid.uuid4())))
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)
            if interface:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            sock.bind((interface, 0))
        except OSError as error:
            raise CameraError(
                f"{interface or 'this machine'} is no address to ask from: {error.strerror or error}", "net"
            ) from error
        asking = asyncio.create_task(_ask(sock, gathering, group))
        try:
            async with asyncio.timeout(seconds):
                while not gathering.is_full:
                    data, sender = await loop.sock_recvfrom(sock, limits.DISCOVERY_DATAGRAM + 1)
                    gathering.take(data, str(sender[0]))
        except TimeoutError:
            pass
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
    return gathering.devices


async def _ask(sock: socket.socket, gathering: Gathering, group: tuple[str, int]) -> None:
    loop = asyncio.get_running_loop()
    for pause in (_AGAIN_SECONDS, 0):
        for probe in gathering.probes():
            try:
                await loop.sock_sendto(sock, probe, group)
            except OSError as error:
                raise CameraError(f"this network cannot be asked: {error.strerror or error}", "net") from error
        await asyncio.sleep(pause)
