# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Envelopes: what a call is, how it is signed, what an answer is (SOAP 1.2, WS-Security UsernameToken 1.0). Pure."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from torrazzo.base.secret import Secret
from torrazzo.camera import limits
from torrazzo.camera.onvif.errors import Fault, NotOnvif
from torrazzo.camera.onvif.xml import Element, parse_xml, plain, write_xml

SOAP = "http://www.w3.org/2003/05/soap-envelope"
_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

TT = "http://www.onvif.org/ver10/schema"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
IMAGING = "http://www.onvif.org/ver20/imaging/wsdl"

WSA = "http://www.w3.org/2005/08/addressing"
WSNT = "http://docs.oasis-open.org/wsn/b-2"
_PREFIXES = {
    "s": SOAP, "tt": TT, "tds": DEVICE, "trt": MEDIA, "tr2": MEDIA2, "tev": EVENTS, "tptz": PTZ, "timg": IMAGING,
    "wsa": WSA, "wsnt": WSNT, "wsse": _WSSE, "wsu": _WSU, "tns1": "http://www.onvif.org/ver10/topics",
}  # fmt: skip

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One question to one service of a device, and how its answer is read."""

    service: str  # the namespace by which GetServices names it
    body: Element
    read: Callable[[Element], T_co]
    action: str = ""  # empty: as the services of ONVIF are called
    at: str = ""  # an address that the device gave for this; empty: the service's
    header: tuple[Element, ...] = ()
    seconds: float = 0.0  # that the device is asked to wait before it answers

    @property
    def action_uri(self) -> str:
        """What the content type says."""
        return self.action or f"{self.service}/{self.body.name}"


def make(namespace: str, name: str, *inside: Element | str, **attributes: str) -> Element:
    """An element with children, or with a text."""
    text = "".join(part for part in inside if isinstance(part, str))
    return Element(f"{{{namespace}}}{name}", attributes, tuple(p for p in inside if isinstance(p, Element)), text)


def nothing(_answer: Element) -> None:
    """How an answer is read that says nothing but yes."""


def token_of(element: Element, name: str = "token") -> str:
    """A token of a device; empty if there is none, or one beyond limits.py."""
    token = element.token(name) or element.get(name)
    return token if len(token) <= limits.ONVIF_TOKEN else ""


def write_envelope(body: Element, header: tuple[Element, ...] = ()) -> bytes:
    """What goes over the wire."""
    envelope = make(SOAP, "Envelope", make(SOAP, "Header", *header), make(SOAP, "Body", body))
    return write_xml(envelope, _PREFIXES)


def username_token(username: str, password: Secret, nonce: bytes, created: str) -> Element:
    """A header that shows that we know the password; `created` is a time of the device's clock."""
    digest = hashlib.sha1(nonce + created.encode() + password.reveal().encode(), usedforsecurity=False).digest()
    return make(
        _WSSE,
        "Security",
        make(
            _WSSE,
            "UsernameToken",
            make(_WSSE, "Username", username),
            make(_WSSE, "Password", base64.b64encode(digest).decode(), Type=_DIGEST),
            make(_WSSE, "Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64),
            make(_WSU, "Created", created),
        ),
    )


def read_envelope(data: bytes) -> tuple[Element, Element]:
    """An envelope, and what is in its body. Raises `Fault` for a refusal, `NotOnvif` for what is none."""
    root = parse_xml(data)
    body = root.find("Body")
    if root.name != "Envelope" or root.namespace not in {SOAP, _SOAP_11, ""} or body is None or not body.children:
        raise NotOnvif(f"an answer that is no SOAP envelope, but {plain(root.name)!r}")
    answer = body.children[0]
    if answer.name == "Fault":
        raise _read_fault(answer)
    return root, answer


def read_answer(data: bytes, asked: str) -> Element:
    """The answer to `asked`. Raises as `read_envelope`."""
    _, answer = read_envelope(data)
    if answer.name != f"{asked}Response":
        raise NotOnvif(f"an answer to something else than {asked}: {plain(answer.name)}")
    return answer


def _read_fault(fault: Element) -> Fault:
    codes: list[str] = [fault.get("faultcode")]
    code = fault.find("Code")
    while code is not None:
        codes.append(code.get("Value"))
        code = code.find("Subcode")
    names = tuple(plain(text.rpartition(":")[2]) for text in codes if text)
    return Fault(names, plain(fault.get("Reason", "Text") or fault.get("faultstring")))
