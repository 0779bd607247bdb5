#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204 - the system's bindings have no types
# mypy: ignore-errors
"""An RTSP server that is not ours: gst-rtsp-server, run by the system's Python; imports nothing of ours.

Debian: gir1.2-gst-rtsp-server-1.0 python3-gst-1.0 gstreamer1.0-plugins-{base,good,bad,ugly}. Prints `READY <port>`.
Every mount plays access units that were encoded (or read from a file) once, at start, so that playing costs little.
With --log, a probe in front of the payloader writes a JSON line per access unit:
  {"mount","serial","pts": ns of running time,"ticks": the same in 90 kHz,"sent_ns": CLOCK_BOOTTIME,
   "nals":[[type, sha256], …]}
and a line {"mount","request": method} for each RTSP request. Mounts: /<variant>, /<file stem>, /cam0 … for --mounts.
"""

import argparse
import hashlib
import heapq
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402 - versions come first

Gst.init(None)

SECOND = 1_000_000_000


def raw(seconds, fps, size="320x180", pattern="ball"):
    """A synthetic picture."""
    width, height = size.split("x")
    caps = f"video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
    return f"videotestsrc num-buffers={seconds * fps} pattern={pattern} ! {caps}"


def x264(options="", bitrate=400):
    """One thread, so that the encoder cuts no slices of its own accord."""
    return f"x264enc threads=1 speed-preset=ultrafast b-adapt=false bframes=0 bitrate={bitrate} {options}"


def x265(options):
    """Its own options as x265 names them."""
    return (
        f"x265enc speed-preset=ultrafast bitrate=400 option-string={options}:pools=none:frame-threads=1:log-level=none"
    )


VARIANTS = {
    "plain": [raw(8, 25) + " ! " + x264("key-int-max=50")],
    "b_frames": [raw(4, 25) + " ! " + x264("key-int-max=50 bframes=3 b-pyramid=true")],
    "open_gop": [raw(8, 25) + " ! " + x264("key-int-max=25 bframes=2 option-string=open-gop=1")],
    "intra_refresh": [raw(8, 25) + " ! " + x264("key-int-max=50 intra-refresh=true")],
    "slices": [raw(8, 25) + " ! " + x264("key-int-max=50 option-string=slices=4")],
    "gop40": [raw(40, 10) + " ! " + x264("key-int-max=400 option-string=scenecut=0:keyint=400:min-keyint=400")],
    "fps5": [raw(8, 5) + " ! " + x264("key-int-max=20")],
    "fps50": [raw(8, 50) + " ! " + x264("key-int-max=100")],
    "kbit50": [raw(8, 10) + " ! " + x264("key-int-max=40", bitrate=50)],
    "mbit16": [raw(4, 25, "1280x720", "snow") + " ! " + x264("key-int-max=50", bitrate=16_000)],
    "size_change": [
        raw(4, 25) + " ! " + x264("key-int-max=50"),
        raw(4, 25, "640x360", "smpte") + " ! " + x264("key-int-max=50"),
    ],
    "h265": [raw(8, 25) + " ! " + x265("keyint=50:min-keyint=50:bframes=0")],
    "h265_cra_rasl": [raw(8, 25) + " ! " + x265("keyint=25:min-keyint=25:bframes=3:b-adapt=0:open-gop=1:scenecut=0")],
    "h265_size_change": [
        raw(4, 25) + " ! " + x265("keyint=50:bframes=0"),
        raw(4, 25, "640x360", "smpte") + " ! " + x265("keyint=50:bframes=0"),
    ],
    "bench": [raw(8, 25, "1920x1080", "snow") + " ! " + x264("key-int-max=50", bitrate=4000)],
}


@dataclass
class Unit:
    """One access unit; times in ns from the clip's beginning."""

    pts: int
    dts: int
    data: bytes


@dataclass
class Clip:
    """What a mount plays."""

    caps: str
    units: list
    period: int
    codec: str
    nal_length: int  # bytes of the length before each NAL unit; 0: start codes


def load(pipeline, *, sei):
    """Run a pipeline once and keep its access units."""
    bin_ = Gst.parse_launch(f"{pipeline} ! appsink name=out sync=false max-buffers=0")
    sink = bin_.get_by_name("out")
    bin_.set_state(Gst.State.PLAYING)
    units, caps = [], None
    while (sample := sink.emit("pull-sample")) is not None:
        buffer, segment = sample.get_buffer(), sample.get_segment()
        caps = caps or sample.get_caps()
        pts = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        dts = pts - (buffer.pts - buffer.dts) if buffer.dts != Gst.CLOCK_TIME_NONE else pts
        units.append(Unit(pts, dts, buffer.extract_dup(0, buffer.get_size())))
    message = bin_.get_bus().pop_filtered(Gst.MessageType.ERROR)
    bin_.set_state(Gst.State.NULL)
    if message is not None or not units:
        sys.exit(f"cannot make a clip of {pipeline}: {message.parse_error() if message else 'no pictures'}")
    structure = caps.get_structure(0)
    codec = structure.get_name().removeprefix("video/x-")
    is_stream = structure.get_string("stream-format") == "byte-stream"
    first, *_ = sorted(unit.pts for unit in units)
    ordered = sorted(unit.pts for unit in units)
    interval = (ordered[-1] - first) // max(1, len(units) - 1)
    for number, unit in enumerate(units):
        unit.pts, unit.dts = unit.pts - first, unit.dts - first
        if sei and is_stream:
            unit.data = with_sei(codec, unit.data, number)
    text = f"video/x-{codec},stream-format=byte-stream,alignment=au" if is_stream else caps.to_string()
    return Clip(text, units, ordered[-1] - first + interval, codec, 0 if is_stream else 4)


def join(clips):
    """One after the other."""
    whole = clips[0]
    for clip in clips[1:]:
        whole.units += [Unit(u.pts + whole.period, u.dts + whole.period, u.data) for u in clip.units]
        whole.period += clip.period
    return whole


def split(clip, data):
    """NAL units of one access unit."""
    if clip.nal_length:
        at = 0
        while at < len(data):
            size = int.from_bytes(data[at : at + clip.nal_length], "big")
            yield data[at + clip.nal_length : at + clip.nal_length + size]
            at += clip.nal_length + size
        return
    at = data.find(b"\0\0\1")
    while at >= 0:
        after = data.find(b"\0\0\1", at + 3)
        yield data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\0")
        at = after


def nal_type(codec, nal):
    """H.265 section 7.4.2.2, H.264 section 7.4.1."""
    return nal[0] >> 1 & 63 if codec == "h265" else nal[0] & 31


def with_sei(codec, data, number):
    """User data with a number before the first slice: cameras sign in SEI, so it must survive."""
    payload = b"gst-server-unit-" + f"{number:08d}".encode()
    head = bytes((39 << 1, 1)) if codec == "h265" else bytes((6,))
    sei = b"\0\0\0\1" + head + bytes((5, len(payload))) + payload + b"\x80"
    probe = Clip("", [], 0, codec, 0)
    out, done = [], False
    for nal in split(probe, data):
        kind = nal_type(codec, nal)
        if not done and (kind < 32 if codec == "h265" else 1 <= kind <= 5):
            out.append(sei)
            done = True
        out.append(b"\0\0\0\1" + nal)
    return b"".join(out)


class Log:
    """JSON lines, written by whoever comes."""

    def __init__(self, path):
        self.file = path.open("w", buffering=1) if path else None
        self.lock = threading.Lock()

    def write(self, **line):
        """One line."""
        if self.file is not None:
            text = json.dumps(line, separators=(",", ":")) + "\n"
            with self.lock:
                self.file.write(text)


@dataclass(order=True)
class Feed:
    """A mount's running media."""

    due_ns: int
    turn: int
    clip: Clip = field(compare=False)
    source: object = field(compare=False)
    begin_ns: int = field(compare=False)  # boot time of the clip's first dts
    offset: int = field(compare=False)  # running time of the clip's first pts
    once: bool = field(compare=False)
    at: int = field(compare=False, default=0)
    base: int = field(compare=False, default=0)
    alive: bool = field(compare=False, default=True)


class Feeder(threading.Thread):
    """One thread that pushes every mount's access units when they are due."""

    def __init__(self):
        super().__init__(daemon=True)
        self.heap, self.wake, self.turn = [], threading.Condition(), 0

    def add(self, clip, source, running, once, delay_ns):
        """Begin to play."""
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + delay_ns
        lead = -clip.units[0].dts
        with self.wake:
            self.turn += 1
            feed = Feed(now, self.turn, clip, source, now + lead, running + delay_ns + lead, once)
            heapq.heappush(self.heap, feed)
            self.wake.notify()
        return feed

    def run(self):
        """Until the process ends."""
        while True:
            with self.wake:
                while not self.heap:
                    self.wake.wait()
                wait = self.heap[0].due_ns - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                if wait > 0:
                    self.wake.wait(wait / SECOND)
                    continue
                feed = heapq.heappop(self.heap)
            if feed.alive and self.push(feed):
                with self.wake:
                    heapq.heappush(self.heap, feed)

    def push(self, feed):
        """One access unit; False when it was the last."""
        unit = feed.clip.units[feed.at]
        buffer = Gst.Buffer.new_wrapped(unit.data)
        buffer.pts = feed.offset + feed.base + unit.pts
        buffer.dts = max(0, feed.offset + feed.base + unit.dts)
        if feed.source.push_buffer(buffer) != Gst.FlowReturn.OK:
            return False
        feed.at += 1
        if feed.at == len(feed.clip.units):
            if feed.once:
                feed.source.end_of_stream()
                return False
            feed.at, feed.base = 0, feed.base + feed.clip.period
        feed.due_ns = feed.begin_ns + feed.base + feed.clip.units[feed.at].dts
        return True


class Factory(GstRtspServer.RTSPMediaFactory):
    """Makes the media of one mount (or of one group of mounts that share it)."""

    def __init__(self, name, clip, feeder, log, options, delay_ns=0):
        super().__init__()
        self.name, self.clip, self.feeder = name, clip, feeder
        self.log, self.options, self.delay_ns = log, options, delay_ns
        self.set_shared(options.shared)
        if options.user:
            self.add_role_from_structure(
                Gst.Structure.new_from_string(
                    "viewer,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
                )
            )

    def do_gen_key(self, url):
        """Mounts with the same factory share its media."""
        return self.name

    def do_create_element(self, url):
        """Source, payloader."""
        pay = f"rtp{self.clip.codec}pay name=pay0 pt=96 mtu=1400 config-interval={self.options.config_interval}"
        bin_ = Gst.parse_launch(f"( appsrc name=src is-live=true format=time max-bytes=0 block=false ! {pay} )")
        source = bin_.get_by_name("src")
        source.set_property("caps", Gst.Caps.from_string(self.clip.caps))
        if self.log.file is not None:
            serial = iter(range(1 << 62))
            bin_.get_by_name("pay0").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self.note, serial)
        return bin_

    def do_configure(self, media):
        """Feed as soon as the pipeline runs."""
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name("src")
        state = {}

        def need(appsrc, _size):
            if not state:
                clock = appsrc.get_clock()
                running = clock.get_time() - appsrc.get_base_time() if clock else 0
                running = -(-running // 1_000_000) * 1_000_000  # a whole number of ticks
                state["feed"] = self.feeder.add(self.clip, source, running, self.options.once, self.delay_ns)

        def over(_media):
            if state:
                state["feed"].alive = False

        source.connect("need-data", need)
        media.connect("unprepared", over)

    def note(self, pad, info, serial):
        """The line of one access unit that enters the payloader."""
        buffer = info.get_buffer()
        event = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        running = event.parse_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        line = {
            "mount": self.name,
            "serial": next(serial),
            "pts": running,
            "ticks": running * 9 // 100_000,
            "sent_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        }
        if self.options.hash:
            data = buffer.extract_dup(0, buffer.get_size())
            line["nals"] = [
                (nal_type(self.clip.codec, nal), hashlib.sha256(nal).hexdigest()) for nal in split(self.clip, data)
            ]
        self.log.write(**line)
        return Gst.PadProbeReturn.OK


def guard(server, user, password, methods):
    """Let only `user` in."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST if methods == "digest" else GstRtsp.RTSPAuthMethod.BASIC)
    if methods == "digest":
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)


def watch(log):
    """Note each request of each client."""

    def connected(_server, client):
        for name in ("options", "describe", "setup", "play", "teardown", "get-parameter", "set-parameter"):
            client.connect(f"{name}-request", lambda _client, context, name=name: asked(context, name))

    def asked(context, name):
        uri = context.uri.abspath if context.uri is not None else ""
        log.write(mount=uri.strip("/").partition("/")[0], request=name.upper().replace("-", "_"))

    return connected


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", default="0")
    parser.add_argument("--variant", action="append", default=[], choices=sorted(VARIANTS))
    parser.add_argument("--file", action="append", default=[], type=Path, help="MP4 (H.264 or H.265), .h264 or .h265")
    parser.add_argument("--mounts", type=int, default=0, help="so many mounts /cam<i> of one clip")
    parser.add_argument("--groups", type=int, default=0, help="of --mounts: so many media; mounts of one are in step")
    parser.add_argument("--clip", type=Path, help="what --mounts play; default: 1080p25, 4 Mbit/s")
    parser.add_argument("--once", action="store_true", help="end the stream after the clip instead of looping")
    parser.add_argument("--not-shared", dest="shared", action="store_false", help="each client from the beginning")
    parser.add_argument("--config-interval", type=int, default=-1, help="as rtph264pay; -1 with every key frame")
    parser.add_argument("--no-hash", dest="hash", action="store_false")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--auth", default="digest", choices=("digest", "basic"))
    return parser.parse_args()


def file_clip(path):
    """The video of a file, as it stands."""
    if path.suffix == ".mp4":
        return load(f"filesrc location={path} ! qtdemux name=d d.video_0", sei=False)
    parser = "h265parse" if "265" in path.suffix else "h264parse"
    codec = parser.removesuffix("parse")
    return load(
        f"filesrc location={path} ! {parser} ! video/x-{codec},stream-format=byte-stream,alignment=au", sei=False
    )


def main():
    """Serve until killed."""
    options = arguments()
    log, feeder = Log(options.log), Feeder()
    feeder.start()
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    server.set_backlog(256)
    mounts = server.get_mount_points()
    for name in options.variant:
        clip = join([load(pipeline, sei=True) for pipeline in VARIANTS[name]])
        mounts.add_factory(f"/{name}", Factory(name, clip, feeder, log, options))
    for path in options.file:
        mounts.add_factory(f"/{path.stem}", Factory(path.stem, file_clip(path), feeder, log, options))
    if options.mounts:
        clip = file_clip(options.clip) if options.clip else load(VARIANTS["bench"][0], sei=False)
        groups = options.groups or options.mounts
        step = clip.period // len(clip.units) // groups
        makers = [Factory(f"group{n}", clip, feeder, log, options, n * step) for n in range(groups)]
        for number in range(options.mounts):
            mounts.add_factory(f"/cam{number}", makers[number % groups])
    if options.user:
        guard(server, options.user, options.password, options.auth)
    server.connect("client-connected", watch(log))
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {options.port}")
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() or True)
    parent, loop = os.getppid(), GLib.MainLoop()
    GLib.timeout_add_seconds(1, lambda: os.getppid() == parent or loop.quit())  # never outlive who started it
    print(f"READY {server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    _ = GstApp  # its import makes appsrc and appsink known
    main()
