# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One non-blocking connection to a camera: TCP, or TLS with the machine's, a town's or a pinned certificate."""

import asyncio
import contextlib
import errno
import hashlib
import hmac
import os
import socket
import ssl

from torrazzo.camera import limits
from torrazzo.camera.address import Address
from torrazzo.camera.errors import CameraError

_RECEIVE_BUFFER = 4 * 1024 * 1024  # asked for; memory is only used while bytes wait
_FORCE = 33  # SO_RCVBUFFORCE of Linux, which `socket` doesn't name


class Connection:
    """Bytes in and out; whatever fails is a `CameraError` with why 'net'."""

    def __init__(self, sock: socket.socket, place: str) -> None:
        self._sock = sock
        self.place = place
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._waiting = bytearray()
        self.taken = 0  # bytes read
        self.fileno = sock.fileno()
        # The kernel grants twice what it lets us use (socket(7)).
        self.receive_buffer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def read_into(self, view: memoryview) -> int:
        """Read what is there, as much as fits; 0 if nothing is. The end of the stream is an error."""
        if self._tls is not None:
            return self._read_tls(self._tls, view)
        try:
            got = self._sock.recv_into(view)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise self._broken(error) from error
        if not got and len(view):
            raise CameraError(f"{self.place} closed the connection", "net")
        self.taken += got
        return got

    @property
    def is_plain(self) -> bool:
        """Whether what its descriptor gives is what `read_into` gives."""
        return self._tls is None

    def _read_tls(self, tls: ssl.SSLSocket, view: memoryview) -> int:
        got = 0
        while got < len(view):
            try:
                more = tls.recv_into(view[got:])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError as error:
                if got:
                    break  # it will fail again
                raise self._broken(error) from error
            if not more:
                if got:
                    break
                raise CameraError(f"{self.place} closed the connection", "net")
            got += more
        return got

    def send(self, data: bytes) -> None:
        """Send, or keep for later what the camera doesn't take now."""
        self._waiting += data
        if self._waiting:
            self._push()
        if len(self._waiting) > limits.PENDING_OUT:
            raise CameraError(f"{self.place} takes nothing from us any more", "net")

    def _push(self) -> None:
        try:
            sent = self._sock.send(self._waiting)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            raise self._broken(error) from error
        del self._waiting[:sent]

    def _broken(self, error: OSError) -> CameraError:
        return CameraError(f"the connection to {self.place} broke: {error.strerror or type(error).__name__}", "net")

    def close(self) -> None:
        """Close, also for whoever has a descriptor of the same connection; never fails."""
        self.fileno = -1
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    async def until_readable(self) -> None:
        """Wait until something came."""
        if self._tls is None or not self._tls.pending():
            await _ready(self._sock, for_writing=False)


async def connect(address: Address, ca_pem: str | None, pin_sha256: str | None) -> Connection:
    """Connect, or raise `CameraError`. The caller sets the time limit and may cancel."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CameraError(f"the name {address.host} is not known to this network", "net") from error
    failure: OSError | None = None
    for family, kind, protocol, _, place in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            _widen(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, place)
            if address.has_tls:
                sock = await _start_tls(sock, address, ca_pem, pin_sha256)
            return Connection(sock, address.place)
        except OSError as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
    raise CameraError(f"{address.place} can't be reached: {_reason(failure)}", "net") from failure


def _reason(failure: OSError | None) -> str:
    """Why connecting failed, in our words: asyncio puts its own into the error."""
    number = None if failure is None else failure.errno
    if number == errno.ECONNREFUSED:
        return "nothing listens on that port"
    if number in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}:
        return "no way leads to it, or it is off"
    if number == errno.ETIMEDOUT:
        return "no answer"
    return "no address" if number is None else os.strerror(number)


def _widen(sock: socket.socket) -> None:
    """Ask for a large receive buffer, before connecting: TCP agrees on its window then."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _FORCE, _RECEIVE_BUFFER)
    except OSError:  # not root: as much as net.core.rmem_max allows
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)


async def _start_tls(
    sock: socket.socket, address: Address, ca_pem: str | None, pin_sha256: str | None
) -> ssl.SSLSocket:
    try:
        context = ssl.create_default_context(cadata=ca_pem)
    except (ssl.SSLError, ValueError) as error:
        raise CameraError(f"the certificates set for {address.place} can't be read as PEM", "net") from error
    if pin_sha256 is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # its very certificate is compared below
    tls = context.wrap_socket(sock, server_hostname=address.host, do_handshake_on_connect=False)
    try:
        await _shake_hands(tls, address)
        certificate = tls.getpeercert(binary_form=True) or b""
        found = hashlib.sha256(certificate).hexdigest()
        if pin_sha256 is not None and not hmac.compare_digest(found, pin_sha256.lower()):
            raise CameraError(
                f"{address.place} shows another certificate than the pinned one: expected {pin_sha256.lower()}, found "
                f"{found}; if the camera was reset or replaced, set the new one",
                "net",
            )
    except BaseException:
        tls.close()
        raise
    return tls


async def _shake_hands(tls: ssl.SSLSocket, address: Address) -> None:
    while True:
        try:
            return tls.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(tls, for_writing=False)
        except ssl.SSLWantWriteError:
            await _ready(tls, for_writing=True)
        except ssl.SSLCertVerificationError as error:
            raise CameraError(
                f"{address.place} shows a certificate that isn't trusted ({error.verify_message}); "
                "set its CA or pin it",
                "net",
            ) from error
        except ssl.SSLError as error:
            raise CameraError(f"{address.place} doesn't speak TLS as expected: {error.reason}", "net") from error


async def _ready(sock: socket.socket, *, for_writing: bool) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    number = sock.fileno()
    add, remove = (loop.add_writer, loop.remove_writer) if for_writing else (loop.add_reader, loop.remove_reader)

    def set_ready() -> None:
        if not future.done():
            future.set_result(None)

    add(number, set_ready)
    try:
        await future
    finally:
        with contextlib.suppress(ValueError):
            remove(number)
