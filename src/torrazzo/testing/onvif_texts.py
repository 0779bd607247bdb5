# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device says over ONVIF, as text: written by hand after the schemas of 26.06, apart from what reads it."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from torrazzo.camera.onvif.xml import Element

SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope", "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl", "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tr2": "http://www.onvif.org/ver20/media/wsdl", "tev": "http://www.onvif.org/ver10/events/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl", "timg": "http://www.onvif.org/ver20/imaging/wsdl",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2", "wsa": "http://www.w3.org/2005/08/addressing",
    "tns1": "http://www.onvif.org/ver10/topics", "ter": "http://www.onvif.org/ver10/error",
    "wstop": "http://docs.oasis-open.org/wsn/t-1", "fake": "urn:fake",
}  # fmt: skip
_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 500: "Internal Server Error"}
_POSITION = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace"
_ZOOM = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace"


class Size(NamedTuple):
    """One stream of each sensor."""

    width: int
    height: int
    codec: str
    rate: int = 25
    kilobits: int = 2_048


def http(
    status: int, body: bytes, headers: Iterable[tuple[str, str]] = (), kind: str = "application/soap+xml"
) -> bytes:
    """An answer, head and all."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def envelope(body: str) -> bytes:
    """Around a body."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope {spaces}><s:Header/><s:Body>{body}</s:Body></s:Envelope>'
    )
    return text.encode()


def fault(code: str, subcode: str) -> bytes:
    """A refusal."""
    codes = f"<s:Value>s:{code}</s:Value><s:Subcode><s:Value>ter:{subcode}</s:Value></s:Subcode>"
    reason = f'<s:Reason><s:Text xml:lang="en">{subcode}</s:Text></s:Reason>'
    return envelope(f"<s:Fault><s:Code>{codes}</s:Code>{reason}</s:Fault>")


def done(prefix: str, name: str) -> str:
    """Yes."""
    return f"<{prefix}:{name}Response/>"


def _answer(prefix: str, name: str, inside: str) -> str:
    return f"<{prefix}:{name}Response>{inside}</{prefix}:{name}Response>"


def _leaves(prefix: str, **texts: object) -> str:
    return "".join(f"<{prefix}:{name}>{escape(str(text))}</{prefix}:{name}>" for name, text in texts.items())


def clock(now: dt.datetime | None) -> str:
    """GetSystemDateAndTime."""
    inside = _leaves("tt", DateTimeType="Manual", DaylightSavings="false")
    if now is not None:
        time = _leaves("tt", Hour=now.hour, Minute=now.minute, Second=now.second)
        date = _leaves("tt", Year=now.year, Month=now.month, Day=now.day)
        inside += f"<tt:UTCDateTime><tt:Time>{time}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
    return _answer("tds", "GetSystemDateAndTime", f"<tds:SystemDateAndTime>{inside}</tds:SystemDateAndTime>")


def services(base: str, has_media2: bool, has_ptz: bool) -> str:
    """GetServices."""
    prefixes = ["tds", "trt", "tev", "timg", *(["tr2"] if has_media2 else []), *(["tptz"] if has_ptz else [])]
    inside = "".join(
        f"<tds:Service>{_leaves('tds', Namespace=SPACES[prefix], XAddr=f'{base}/onvif/{prefix}')}"
        f"<tds:Version>{_leaves('tt', Major=26, Minor=6)}</tds:Version></tds:Service>"
        for prefix in prefixes
    )
    return _answer("tds", "GetServices", inside)


def capabilities(base: str, has_ptz: bool) -> str:
    """GetCapabilities."""
    names = {
        "Device": "tds",
        "Events": "tev",
        "Imaging": "timg",
        "Media": "trt",
        **({"PTZ": "tptz"} if has_ptz else {}),
    }
    inside = "".join(
        f"<tt:{name}>{_leaves('tt', XAddr=f'{base}/onvif/{prefix}')}</tt:{name}>" for name, prefix in names.items()
    )
    return _answer("tds", "GetCapabilities", f"<tds:Capabilities>{inside}</tds:Capabilities>")


def information(model: str) -> str:
    """GetDeviceInformation."""
    inside = _leaves(
        "tds", Manufacturer="Torrazzo", Model=model, FirmwareVersion="1.0", SerialNumber="7", HardwareId="F"
    )
    return _answer("tds", "GetDeviceInformation", inside)


def _encoder(size: Size, number: int, tag: str, is_second: bool) -> str:
    resolution = f"<tt:Resolution>{_leaves('tt', Width=size.width, Height=size.height)}</tt:Resolution>"
    limit = _leaves(
        "tt", FrameRateLimit=size.rate, **({} if is_second else {"EncodingInterval": 1}), BitrateLimit=size.kilobits
    )
    names = _leaves("tt", Name=f"encoder {number}", UseCount=1, Encoding=size.codec)
    group = ' GovLength="50" Profile="Main"' if is_second else ""
    older = (
        "" if is_second else "<tt:H264><tt:GovLength>50</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
    )
    return (
        f'<{tag} token="encoder{number}"{group}>{names}{resolution}<tt:RateControl>{limit}</tt:RateControl>'
        f"<tt:Quality>5</tt:Quality>{older}</{tag}>"
    )


def _source(sensor: int, tag: str) -> str:
    leaves = _leaves("tt", Name="source", UseCount=2, SourceToken=f"sensor{sensor}")
    return f'<{tag} token="source{sensor}">{leaves}<tt:Bounds x="0" y="0" width="1920" height="1080"/></{tag}>'


def _motor(tag: str) -> str:
    return f'<{tag} token="motor">{_leaves("tt", Name="motor", UseCount=1, NodeToken="node")}</{tag}>'


def profiles(sensors: int, sizes: Sequence[Size], has_ptz: bool) -> str:
    """GetProfiles of Media."""
    inside = "".join(
        f'<trt:Profiles token="s{sensor}p{number}" fixed="true"><tt:Name>profile {number}</tt:Name>'
        f"{_source(sensor, 'tt:VideoSourceConfiguration')}"
        f"{_encoder(size, number, 'tt:VideoEncoderConfiguration', False)}"
        f"{_motor('tt:PTZConfiguration') if has_ptz else ''}</trt:Profiles>"
        for sensor in range(sensors)
        for number, size in enumerate(sizes)
    )
    return _answer("trt", "GetProfiles", inside)


def profiles2(sensors: int, sizes: Sequence[Size], has_ptz: bool) -> str:
    """GetProfiles of Media2."""
    inside = "".join(
        f'<tr2:Profiles token="s{sensor}p{number}" fixed="true">{_leaves("tr2", Name="profile")}<tr2:Configurations>'
        f"{_source(sensor, 'tr2:VideoSource')}{_encoder(size, number, 'tr2:VideoEncoder', True)}"
        f"{_motor('tr2:PTZ') if has_ptz else ''}</tr2:Configurations></tr2:Profiles>"
        for sensor in range(sensors)
        for number, size in enumerate(sizes)
    )
    return _answer("tr2", "GetProfiles", inside)


def encoders(sizes: Sequence[Size], is_second: bool) -> str:
    """GetVideoEncoderConfigurations of either."""
    prefix = "tr2" if is_second else "trt"
    inside = "".join(_encoder(size, number, f"{prefix}:Configurations", is_second) for number, size in enumerate(sizes))
    return _answer(prefix, "GetVideoEncoderConfigurations", inside)


def stream_uri(url: str, is_second: bool) -> str:
    """GetStreamUri of either."""
    if is_second:
        return _answer("tr2", "GetStreamUri", _leaves("tr2", Uri=url))
    rest = _leaves("tt", InvalidAfterConnect="false", InvalidAfterReboot="false", Timeout="PT0S")
    return _answer("trt", "GetStreamUri", f"<trt:MediaUri>{_leaves('tt', Uri=url)}{rest}</trt:MediaUri>")


def masks(found: Mapping[str, Element]) -> str:
    """GetMasks: what was set, said again."""
    inside = ""
    for token, mask in found.items():
        polygon = mask.find("Polygon") or mask
        points = "".join(f'<tt:Point x="{p.token("x")}" y="{p.token("y")}"/>' for p in polygon.all("Point"))
        leaves = {name: mask.get(name) for name in ("Type", "Enabled")}
        inside += (
            f'<tr2:Masks token="{escape(token)}">{_leaves("tr2", ConfigurationToken=mask.get("ConfigurationToken"))}'
            f"<tr2:Polygon>{points}</tr2:Polygon>{_leaves('tr2', **leaves)}</tr2:Masks>"
        )
    return _answer("tr2", "GetMasks", inside)


def mask_options(
    most: int = 8, corners: int = 16, kinds: Iterable[str] = ("Color", "Blurred"), is_rectangle: bool = False
) -> str:
    """GetMaskOptions."""
    leaves = _leaves("tr2", MaxMasks=most, MaxPoints=corners) + "".join(_leaves("tr2", Types=kind) for kind in kinds)
    only = "true" if is_rectangle else "false"
    return _answer("tr2", "GetMaskOptions", f'<tr2:Options RectangleOnly="{only}">{leaves}<tr2:Color/></tr2:Options>')


def _range(axis: str, low: float, high: float) -> str:
    return f"<tt:{axis}>{_leaves('tt', Min=low, Max=high)}</tt:{axis}>"


def node() -> str:
    """GetNode."""
    turn = _leaves("tt", URI=_POSITION) + _range("XRange", -1, 1) + _range("YRange", -1, 1)
    zoom = _leaves("tt", URI=_ZOOM) + _range("XRange", 0, 1)
    spaces = (
        f"<tt:AbsolutePanTiltPositionSpace>{turn}</tt:AbsolutePanTiltPositionSpace>"
        f"<tt:AbsoluteZoomPositionSpace>{zoom}</tt:AbsoluteZoomPositionSpace>"
        f"<tt:RelativePanTiltTranslationSpace>{turn}</tt:RelativePanTiltTranslationSpace>"
        f"<tt:ContinuousPanTiltVelocitySpace>{turn}</tt:ContinuousPanTiltVelocitySpace>"
    )
    inside = (
        f'<tptz:PTZNode token="node"><tt:Name>node</tt:Name><tt:SupportedPTZSpaces>{spaces}</tt:SupportedPTZSpaces>'
        f"{_leaves('tt', MaximumNumberOfPresets=32, HomeSupported='true')}</tptz:PTZNode>"
    )
    return _answer("tptz", "GetNode", inside)


def _place(tag: str, place: tuple[float, float, float]) -> str:
    pan, tilt, zoom = place
    return f'<{tag}><tt:PanTilt x="{pan}" y="{tilt}" space="{_POSITION}"/><tt:Zoom x="{zoom}" space="{_ZOOM}"/></{tag}>'


def status(place: tuple[float, float, float] | None) -> str:
    """GetStatus."""
    position = _place("tt:Position", place) if place is not None else ""
    moves = f"<tt:MoveStatus>{_leaves('tt', PanTilt='IDLE', Zoom='IDLE')}</tt:MoveStatus>"
    return _answer("tptz", "GetStatus", f"<tptz:PTZStatus>{position}{moves}</tptz:PTZStatus>")


def presets(found: Mapping[str, tuple[str, tuple[float, float, float]]]) -> str:
    """GetPresets."""
    inside = "".join(
        f'<tptz:Preset token="{token}">{_leaves("tt", Name=name)}{_place("tt:PTZPosition", place)}</tptz:Preset>'
        for token, (name, place) in found.items()
    )
    return _answer("tptz", "GetPresets", inside)


def topics(found: Iterable[str]) -> str:
    """GetEventProperties."""
    inside = ""
    for topic in found:
        first, *more = topic.split("/")
        opened, closed = f"<tns1:{first}>", f"</tns1:{first}>"
        for name in more[:-1]:
            opened, closed = f"{opened}<{name}>", f"</{name}>{closed}"
        inside += f'{opened}<{more[-1]} wstop:topic="true"><tt:MessageDescription/></{more[-1]}>{closed}'
    return _answer("tev", "GetEventProperties", f"<wstop:TopicSet>{inside}</wstop:TopicSet>")


def subscription(at: str, now: dt.datetime) -> str:
    """CreatePullPointSubscription; its reference has a parameter of its own, as Axis's have."""
    reference = _leaves("wsa", Address=at) + "<wsa:ReferenceParameters><fake:Id>42</fake:Id></wsa:ReferenceParameters>"
    times = _leaves("wsnt", CurrentTime=now.isoformat(), TerminationTime=(now + dt.timedelta(seconds=60)).isoformat())
    return _answer(
        "tev",
        "CreatePullPointSubscription",
        f"<tev:SubscriptionReference>{reference}</tev:SubscriptionReference>{times}",
    )


def messages(found: Iterable[str], now: dt.datetime) -> str:
    """PullMessages: one event for each topic."""
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    source = '<tt:Source><tt:SimpleItem Name="Source" Value="s0"/></tt:Source>'
    data = '<tt:Data><tt:SimpleItem Name="State" Value="true"/></tt:Data>'
    message = f'<tt:Message UtcTime="{stamp}" PropertyOperation="Changed">{source}{data}</tt:Message>'
    inside = _leaves("tev", CurrentTime=stamp, TerminationTime=stamp) + "".join(
        f"<wsnt:NotificationMessage><wsnt:Topic>tns1:{escape(topic)}</wsnt:Topic>"
        f"<wsnt:Message>{message}</wsnt:Message></wsnt:NotificationMessage>"
        for topic in found
    )
    return _answer("tev", "PullMessages", inside)


def imaging() -> str:
    """GetImagingSettings."""
    leaves = _leaves("tt", Brightness=50, ColorSaturation=128.0, Contrast=64, IrCutFilter="AUTO")
    return _answer("timg", "GetImagingSettings", f"<timg:ImagingSettings>{leaves}</timg:ImagingSettings>")


def imaging_options() -> str:
    """GetOptions."""
    return _answer("timg", "GetOptions", f"<timg:ImagingOptions>{_range('Brightness', 0, 100)}</timg:ImagingOptions>")


def probe_match(relates: str, base: str, model: str) -> bytes:
    """An answer to a probe."""
    scopes = " ".join(
        f"onvif://www.onvif.org/{scope}"
        for scope in (f"name/{model.replace(' ', '%20')}", "hardware/F", "location/Piazza%20Stradivari")
    )
    return (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:RelatesTo>{escape(relates)}</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<w:EndpointReference><w:Address>urn:uuid:{model.encode().hex()}</w:Address></w:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
        f"<d:XAddrs>http://169.254.1.1/onvif/device_service {base}/onvif/device_service</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
    ).encode()
