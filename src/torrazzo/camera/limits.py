# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""All limits on what a device can make large. Bytes unless said otherwise."""

# Messages (rtsp.py)
MESSAGES = 64  # in one sweep
MESSAGE_LINE = 4_096
MESSAGE_HEADERS = 64  # lines
MESSAGE_HEAD = 32 * 1024
MESSAGE_BODY = 256 * 1024

# Conversation (session.py)
REDIRECTS = 5  # answers
SIGN_IN_TRIES = 2  # times one request is sent with credentials
KEEP_ALIVES_OPEN = 8  # unanswered requests
SESSION_SECONDS = (2, 3_600)  # what a camera may declare as its session's timeout
SESSION_SECONDS_DEFAULT = 60  # RFC 2326 section 12.37
PENDING_OUT = 64 * 1024  # bytes that the camera doesn't take from us
OPEN_SECONDS = 10  # from the first packet to the answer to PLAY
EARLY_MEDIA = 256 * 1024  # that comes before the answer to PLAY

# Challenges (auth.py)
CHALLENGES = 8  # in one answer
CHALLENGE_FIELD = 1_024

# Session descriptions (sdp.py)
SDP = MESSAGE_BODY
SDP_LINE = 16 * 1024
SDP_MEDIA = 64  # tracks
SDP_FORMATS = 64  # payload types of one track
SDP_ATTRIBUTES = 256  # of one track

# Parameter sets (from SDP or in band)
PARAMETER_SET = 4_096
PARAMETER_SETS = 64  # of one stream

# Media (rtp.py, foreign.py)
ACCESS_UNIT = 8 * 1024 * 1024
UNIT_PARTS = 65_536  # packets held for one unit
UNIT_NALS = 2_048  # NAL units in one unit
PACKET_NALS = 512  # NAL units in one packet, or between start codes in what came as one
PREFIX_NALS = 64  # NAL units without picture that wait for theirs
SWEEP = 256 * 1024  # read from one socket at a time: what is in it may cost a tenth of a second
SWEEP_READS = 16  # of that size, in one sweep
SWEEP_NS = 50_000_000  # after which a sweep reads no more; the camera waits
RTCP_HELD = 64  # reports in one sweep
LOST = 0xFFFF_FFFF  # packets: more than a record's field holds are not counted
LATE_PACKETS = 100  # packets (RFC 3550 appendix A.1, MAX_MISORDER)
JUMP_SECONDS = 10  # a sender's time may run ahead of arrival by this
BACK_SECONDS = 5  # and go back by this, before it counts as restarted

# What PyAV reads (foreign.py)
FOREIGN_QUEUE = 16 * 1024 * 1024
FOREIGN_PACKETS = 1_024
FOREIGN_OPEN_SECONDS = 15

# Signatures of cameras (signing/)
SIGNING_SEI = 256 * 1024
SIGNING_FIELDS = 16  # in one SEI
SIGNING_CERTIFICATES = 5  # in one chain
SIGNING_HASHES = 4_096  # NAL units that wait for their statement
SIGNING_STARTS = 16  # GOPs among them that a statement is held against
SIGNING_WORK = 128  # SEI that are looked at in one fragment

# ONVIF (onvif/)
ONVIF_HEAD = 32 * 1024  # of an HTTP answer
ONVIF_ANSWER = 1024 * 1024
ONVIF_ELEMENTS = 20_000  # in one answer
ONVIF_DEPTH = 48
ONVIF_ATTRIBUTES = 64  # of one element
ONVIF_SHOWN = 200  # characters of a device's text that people are shown
ONVIF_TOKEN = 256  # characters
ONVIF_SECONDS = 10  # from connecting to the last byte of one answer
ONVIF_SLOW_SECONDS = 60  # for all that `describe` asks
ONVIF_TRIES = 3  # times one request is sent: plain, then each way of signing in
ONVIF_SERVICES = 64
ONVIF_PROFILES = 64
ONVIF_ITEMS = 1_024  # presets, masks, events, topics in one answer
ONVIF_POINTS = 256  # corners of one mask

# Discovery (onvif/discovery.py, onvif/multicast.py)
DISCOVERY_DATAGRAM = 16 * 1024
DISCOVERY_ANSWERS = 4_096  # datagrams that are read
DISCOVERY_DEVICES = 1_024
DISCOVERY_ADDRESSES = 8  # addresses of one device
DISCOVERY_SCOPES = 64
