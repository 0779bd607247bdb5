# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One stream that the relay has, for all who look at it, and the running group for who comes next."""

from torrazzo.camera import VideoFormat
from torrazzo.camera.codec import BadBits
from torrazzo.control_room.live.viewer import Viewer
from torrazzo.recorder.live_wire import LiveFrame, State
from torrazzo.segment.codec_string import codec_string
from torrazzo.segment.fmp4 import init_segment

MOST_BYTES = 16 << 20  # of a running group that is kept; who comes while a longer one runs waits for the next

CANNOT_PLAY = 4415


class Channel:
    """In the loop's thread."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self._format: VideoFormat | None = None
        self._state: State | None = None
        self._group: list[LiveFrame] = []
        self._size = 0

    @property
    def shown(self) -> VideoFormat | None:
        """Of the frames that come."""
        return self._format

    def join(self, viewer: Viewer) -> None:
        """State, beginning and the running group at once; then what comes."""
        self.viewers.add(viewer)
        if self._state is not None:
            viewer.state(self._state)
        if self._format is not None:
            self._begin(viewer, self._format)
            for frame in self._group:
                viewer.frame(frame, is_again=True)

    def leave(self, viewer: Viewer) -> None:
        """It gets no more."""
        self.viewers.discard(viewer)

    def take_format(self, found: VideoFormat) -> None:
        """From the recorder."""
        try:
            codec_string(found)
            init_segment(found)
        except BadBits:
            return  # what follows is shown by nobody; the recorder tells of its own what it thinks of it
        self._format = found
        self._group, self._size = [], 0
        for viewer in self.viewers:
            self._begin(viewer, found)

    def take_frame(self, frame: LiveFrame) -> None:
        """From the recorder."""
        if frame.is_key:
            self._group, self._size = [], 0
        if frame.is_key or self._group:
            self._group.append(frame)
            self._size += len(frame.data)
            if self._size > MOST_BYTES:
                self._group = []
        for viewer in self.viewers:
            viewer.frame(frame)

    def take_state(self, state: State) -> None:
        """From the recorder, or of it."""
        self._state = state
        for viewer in self.viewers:
            viewer.state(state)

    def lose(self, at_ms: int) -> None:
        """The recorder is away: what it says next is another beginning."""
        self._format, self._group, self._size = None, [], 0
        self.take_state(State(0, "lost", "recorder", at_ms))

    @staticmethod
    def _begin(viewer: Viewer, found: VideoFormat) -> None:
        if viewer.plays(found):
            viewer.format(found)
        else:
            viewer.end(CANNOT_PLAY, found.codec)
