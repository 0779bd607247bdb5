#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What GStreamer's qtdemux finds in an MP4, as JSON; run by the system's Python, imports nothing of ours.

Prints {"caps": …, "samples": [[dts, pts, size, is_key, sha256], …]}, times in ns.
"""

import hashlib
import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402 - versions come first

Gst.init(None)


def main(path: str) -> None:
    """Demultiplex one file."""
    samples = []

    def note(_sink: Gst.Element, buffer: Gst.Buffer, _pad: Gst.Pad) -> None:
        content = buffer.extract_dup(0, buffer.get_size())
        is_key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        samples.append([buffer.dts, buffer.pts, len(content), is_key, hashlib.sha256(content).hexdigest()])

    play = Gst.parse_launch("filesrc name=in ! qtdemux ! fakesink name=out signal-handoffs=true sync=false")
    play.get_by_name("in").set_property("location", path)
    out = play.get_by_name("out")
    out.connect("handoff", note)
    play.set_state(Gst.State.PLAYING)
    end = play.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    caps = out.get_static_pad("sink").get_current_caps()
    play.set_state(Gst.State.NULL)
    if end is None or end.type != Gst.MessageType.EOS:
        sys.exit(f"{path}: {end.parse_error() if end else 'no end'}")
    print(json.dumps({"caps": caps.to_string(), "samples": samples}))


main(sys.argv[1])
