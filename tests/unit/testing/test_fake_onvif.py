# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the device that isn't there, asked with nothing of the product's."""

import base64
import datetime as dt
import hashlib
import http.client
import socket
import urllib.request
import xml.etree.ElementTree as ET
from typing import Any

from torrazzo.testing.onvif import FakeOnvif, Traits, hostile

USER, PASSWORD = "operatore", "s3cret-Passw0rd"
SIGNED: Any = {"username": USER, "password": PASSWORD}
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{}</s:Header><s:Body>{}</s:Body></s:Envelope>'


def post(fake: FakeOnvif, operation: str, header: str = "", space: str = "device") -> tuple[int, str]:
    """One question, with the standard library."""
    body = ENVELOPE.format(header, f'<x:{operation} xmlns:x="http://www.onvif.org/ver10/{space}/wsdl"/>')
    talk = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=60)
    try:
        talk.request("POST", "/onvif/device_service", body)
        answer = talk.getresponse()
        return answer.status, answer.read().decode()
    finally:
        talk.close()


def token(password: str, created: dt.datetime, nonce: bytes = b"0123456789abcdef") -> str:
    """A UsernameToken after the profile's own formula."""
    stamp = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    digest = base64.b64encode(
        hashlib.sha1(nonce + stamp.encode() + password.encode(), usedforsecurity=False).digest()
    ).decode()
    return (
        f'<w:Security xmlns:w="{WSSE}"><w:UsernameToken><w:Username>{USER}</w:Username>'
        f"<w:Password>{digest}</w:Password>"
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created xmlns:u='urn:u'>{stamp}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )


def test_a_stranger_is_told_the_time_and_nothing_else() -> None:
    """Without user and password it tells its clock; for the rest it answers as its make does."""
    for sign_in, status in (("digest", 401), ("token", 400)):
        with FakeOnvif(Traits(**SIGNED, sign_in=sign_in)).running() as fake:
            assert post(fake, "GetSystemDateAndTime")[0] == 200
            assert post(fake, "GetDeviceInformation")[0] == status
            assert fake.operations == ["GetSystemDateAndTime"]


def test_a_token_counts_once_and_in_time() -> None:
    """A signature in SOAP is good once, at the device's own time, with the right password."""
    with FakeOnvif(Traits(**SIGNED, sign_in="token", clock_seconds=-7_200)).running() as fake:
        now = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
        assert post(fake, "GetDeviceInformation", token("another", now))[0] == 400
        assert post(fake, "GetDeviceInformation", token(PASSWORD, now + dt.timedelta(hours=2)))[0] == 400
        assert post(fake, "GetDeviceInformation", token(PASSWORD, now))[0] == 200
        assert post(fake, "GetDeviceInformation", token(PASSWORD, now))[0] == 400, "the nonce was used"
        assert post(fake, "GetDeviceInformation", token(PASSWORD, now, b"another nonce..."))[0] == 200


def test_digest_is_that_of_others() -> None:
    """A client that is not ours signs in over HTTP Digest."""
    with FakeOnvif(Traits(**SIGNED)).running() as fake:
        url = f"http://127.0.0.1:{fake.port}/onvif/device_service"
        words = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        for password, count in (("another", 0), (PASSWORD, 1)):
            words.add_password(None, url, USER, password)
            opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(words))
            body = ENVELOPE.format("", '<x:GetDeviceInformation xmlns:x="http://www.onvif.org/ver10/device/wsdl"/>')
            try:
                with opener.open(urllib.request.Request(url, body.encode()), timeout=60) as answer:
                    assert answer.status == 200
            except (OSError, ValueError):
                assert count == 0
            assert fake.operations.count("GetDeviceInformation") == count


def test_all_that_it_says_is_xml() -> None:
    """Each answer is well-formed by a parser that is not the product's; what it does not know is a fault."""
    asked = (
        *(("GetServices", "device"), ("GetCapabilities", "device"), ("GetDeviceInformation", "device")),
        *(("GetProfiles", "media"), ("GetStreamUri", "media"), ("GetNode", "ptz"), ("GetPresets", "ptz")),
        *(("GetEventProperties", "events"), ("CreatePullPointSubscription", "events"), ("PullMessages", "events")),
        *(("GetImagingSettings", "imaging"), ("GetOptions", "imaging"), ("GetStatus", "ptz")),
    )
    with FakeOnvif().running() as fake:
        for operation, space in asked:
            status, text = post(fake, operation, space=space)
            assert status == 200
            body = ET.fromstring(text).find("{http://www.w3.org/2003/05/soap-envelope}Body")  # noqa: S314 - it is ours
            assert body is not None
            assert body[0].tag.endswith(f"}}{operation}Response")
        assert post(fake, "SystemReboot")[0] == 400


def test_hostile_answers_come_as_they_are() -> None:
    """What is to come instead of an answer comes byte by byte."""
    for name, raw in hostile().items():
        if name == "huge":
            continue
        with FakeOnvif(Traits(raw={"GetServices": raw})).running() as fake:
            with socket.create_connection(("127.0.0.1", fake.port), timeout=60) as sock:
                body = ENVELOPE.format("", "<GetServices/>").encode()
                sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                came = b""
                while piece := sock.recv(65_536):
                    came += piece
            assert came == raw, name
