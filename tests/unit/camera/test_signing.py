# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.tools.rtp_wire import Packetizer, feed_all, interleave
from tests.tools.signed import How, boxed, long_clip, make_chain, sign_clip
from torrazzo.base.times import SECOND
from torrazzo.camera import limits
from torrazzo.camera.codec import Assembler
from torrazzo.camera.rtp import Depacketizer
from torrazzo.camera.signing import Signing, Verdict, read_makers, shows_signing
from torrazzo.camera.signing.signer import Makers, read_signer
from torrazzo.camera.signing.statement import AXIS_UUID, UUID, BadStatement
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clips import Clip, ClipUnit, is_picture

GOP = 20
IN_FORCE = int(datetime(2026, 11, 25, tzinfo=UTC).timestamp()) * SECOND
EXPIRED = int(datetime(2045, 1, 1, tzinfo=UTC).timestamp()) * SECOND
OK, NONE, MISSING, BAD = Verdict.OK, Verdict.NONE, Verdict.MISSING, Verdict.BAD

WAYS = {
    "at once": How(),
    "a picture later": How(delay=1),
    "a GOP and a half later": How(delay=30),
    "parts of GOPs": How(partial=7, delay=1),
    "parts of GOPs, no list": How(partial=6, delay=2, has_list=False),
    "each third GOP": How(every=3, delay=1),
    "each third GOP, at once": How(every=3),
    "SHA-384": How(algorithm="sha384", chain=make_chain("Camera", "ec521")),
    "SHA-512": How(algorithm="sha512"),
    "RSA": How(chain=make_chain("Camera", "rsa")),
    "RSA, PKCS #1": How(chain=make_chain("Camera", "rsa"), scheme="06092a864886f70d01010b"),
    "ECDSA, named": How(scheme="06082a8648ce3d040302"),
    "certificates in a statement of their own": How(certificates="sei"),
    "a key of the owner's": How(certificates="sei", owner=make_chain("Owner")),
    "little endian": How(order="little", partial=7),
    "twice": How(repeats=2),
    "twice, each third GOP": How(repeats=2, every=3, delay=1),
    "emulation prevention before signing": How(escape="before"),
    "no emulation prevention": How(escape="never"),
    "version 1": How(version=1),
    "data of the vendor": How(data=b"temperature 40", delay=1),
}


@cache
def plain(codec: str = "h264", frames: int = 200) -> Clip:
    """What the camera sees, unsigned: GOPs of 20 pictures, 0.8 s."""
    slices = 2 if codec == "h264" else 1
    return make_clip(ClipSpec(codec=codec, width=160, height=120, frames=frames, gop=GOP, slices=slices))


def judge(
    codec: str,
    units: Sequence[ClipUnit],
    *,
    makers: Makers = (),
    utc: int = IN_FORCE,
    signing: Signing | None = None,
    begin_ns: int = 0,
) -> list[tuple[int, Verdict]]:
    """(GOP in which it was given, verdict), picture by picture."""
    signing = signing or Signing(codec, makers)
    found = []
    for at, unit in enumerate(units):
        verdict = signing.take([boxed(unit)], begin_ns + at * 40_000_000, utc)
        if verdict is not None:
            found.append((at // GOP, verdict))
    return found


def worst(found: Sequence[tuple[int, Verdict]]) -> Verdict:
    """Of all."""
    return max(verdict for _, verdict in found)


def replaced(units: Sequence[ClipUnit], at: int, change: Callable[[bytes], bytes], kind: str) -> list[ClipUnit]:
    """The units with one NAL unit of one of them changed: its first `picture`, or its `statement`."""
    out = list(units)
    nals = list(units[at].nals)
    place = next(
        index
        for index, nal in enumerate(nals)
        if (UUID in nal if kind == "statement" else is_picture("h264", nal) and UUID not in nal)
    )
    nals[place] = change(nals[place])
    out[at] = units[at]._replace(nals=tuple(nals))
    return out


def without_statements(unit: ClipUnit) -> ClipUnit:
    """The unit, with nothing in it that signs."""
    return unit._replace(nals=tuple(nal for nal in unit.nals if UUID not in nal))


def flip(place: int) -> Callable[[bytes], bytes]:
    """Turn one bit of the byte there."""

    def change(nal: bytes) -> bytes:
        at = place % len(nal)
        return nal[:at] + bytes((nal[at] ^ 4,)) + nal[at + 1 :]

    return change


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_a_camera_signed_is_right(way: How, codec: str) -> None:
    """Whatever a camera may choose, each GOP after the first signature is judged, and right."""
    found = judge(codec, sign_clip(plain(codec), way).units)
    assert worst(found) is OK
    assert len(found) >= (8 - (way.delay + 9) // 10) // way.every


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("at", [100, 101, 110])
def test_one_flipped_bit_is_found(way: How, at: int) -> None:
    """A bit of a picture, the first of a GOP or a later one, makes that GOP bad, and none before or after."""
    units = replaced(sign_clip(plain(), way).units, at, flip(-9), "picture")
    found = judge("h264", units)
    bad = [gop for gop, verdict in found if verdict is not OK]
    assert worst(found) is BAD
    assert all(verdict in {OK, BAD} for _, verdict in found)
    assert len(bad) == 1 if not way.partial else 1 <= len(bad) <= 4
    assert found[0][1] is OK
    assert found[-1][1] is OK or way.every > 1 or way.delay > GOP


@pytest.mark.parametrize("place", [3, 30, 100, 1_000, -150])
def test_a_changed_statement_is_found(place: int) -> None:
    """A bit of a statement, in its form, its content or its signature, makes what it is on bad."""
    units = replaced(sign_clip(plain()).units, 5 * GOP, flip(place), "statement")
    found = judge("h264", units)
    assert worst(found) in ({BAD} if place != 3 else {BAD, MISSING})
    assert (found[0][1], found[-1][1]) == (OK, OK)


def test_a_changed_unsigned_statement_is_found() -> None:
    """What an unsigned statement says counts only if the next signed one covers it."""
    units = replaced(sign_clip(plain(), How(every=3, delay=1)).units, 4 * GOP + 1, flip(600), "statement")
    assert worst(judge("h264", units)) is BAD


def test_swapped_pictures_are_found() -> None:
    """Order is signed too."""
    units = list(sign_clip(plain()).units)
    units[110], units[111] = units[111], units[110]
    assert [verdict for _, verdict in judge("h264", units) if verdict is not OK] == [BAD]


def test_an_inserted_picture_is_found() -> None:
    """A picture that the camera did not sign."""
    units = list(sign_clip(plain()).units)
    units.insert(110, units[30])
    assert [verdict for _, verdict in judge("h264", units) if verdict is not OK] == [BAD]


def test_a_picture_that_is_not_there_is_missed() -> None:
    """Where the statement lists its pictures, the loss of some is told apart from forgery."""
    units = list(sign_clip(plain()).units)
    del units[105:108]
    assert [verdict for _, verdict in judge("h264", units) if verdict is not OK] == [MISSING]


def with_statement_of(unit: ClipUnit, other: ClipUnit) -> ClipUnit:
    """The unit, with another's statement in the place of its own."""
    told = next(nal for nal in other.nals if UUID in nal)
    return replaced([unit], 0, lambda _: told, "statement")[0]


def test_a_gop_that_is_not_there_is_missed() -> None:
    """A GOP cut out with the statement on it, so that nothing contradicts: the counters have a hole."""
    signed = sign_clip(plain()).units
    next_gop = with_statement_of(signed[6 * GOP], signed[5 * GOP])
    units = [*signed[: 5 * GOP], next_gop, *signed[6 * GOP + 1 :]]
    assert [verdict for _, verdict in judge("h264", units) if verdict is not OK] == [MISSING]


def test_a_gop_shown_again_is_found() -> None:
    """Right pictures with the right statement on them, a second time: the counter went back."""
    signed = sign_clip(plain()).units
    again = [with_statement_of(signed[5 * GOP], signed[7 * GOP]), *signed[5 * GOP + 1 : 6 * GOP]]
    rest = [with_statement_of(signed[7 * GOP], signed[6 * GOP]), *signed[7 * GOP + 1 :]]
    found = judge("h264", [*signed[: 7 * GOP], *again, *rest])
    assert found[:6] == [(gop, OK) for gop in range(2, 8)]
    assert found[6] == (8, BAD)


def test_a_changed_gop_behind_a_lost_statement_is_found() -> None:
    """One GOP without its statement, the next one altered: missed, and bad; then all is right again."""
    signed = sign_clip(plain()).units
    units = replaced([*signed], 6 * GOP + 7, flip(-9), "picture")
    units[6 * GOP] = without_statements(units[6 * GOP])  # the one on GOP 5
    found = judge("h264", units)
    assert [verdict for _, verdict in found if verdict is not OK] == [BAD]
    assert found[-1][1] is OK
    bare = [without_statements(unit) if at == 6 * GOP else unit for at, unit in enumerate(signed)]
    assert [verdict for _, verdict in judge("h264", bare) if verdict is not OK] == [MISSING]


def test_an_old_statement_changes_nothing() -> None:
    """One that comes again later stands for nothing, and takes nothing away."""
    signed = list(sign_clip(plain()).units)
    old = next(nal for nal in signed[3 * GOP].nals if UUID in nal)
    signed[110] = signed[110]._replace(nals=(old, *signed[110].nals))
    assert {verdict for _, verdict in judge("h264", signed)} == {OK}


def test_a_gop_of_another_stream_is_found() -> None:
    """The same key signed it, under the same counter; but each links to the one before, and here neither does."""
    signed = sign_clip(plain()).units
    spec = ClipSpec(width=160, height=120, frames=200, gop=GOP, slices=2, tag=7)
    other = sign_clip(make_clip(spec)).units
    begin, end = 5 * GOP, 6 * GOP
    units = [*signed[:begin], with_statement_of(other[begin], signed[begin]), *other[begin + 1 : end]]
    units += [with_statement_of(signed[end], other[end]), *signed[end + 1 :]]
    assert [verdict for _, verdict in judge("h264", units)] == [OK, OK, OK, OK, BAD, BAD, OK, OK]


def test_the_first_gop_that_is_held_against_a_statement_may_be_bad() -> None:
    """A statement that fits nothing, before any did, counts when the next one tells which GOP it was on."""
    units = replaced(sign_clip(plain()).units, GOP + 5, flip(-9), "picture")
    assert [verdict for _, verdict in judge("h264", units)] == [BAD, *[OK] * 6]


def test_a_stream_that_stops_signing_is_missed() -> None:
    """All signatures taken out in mid-stream: missed ten seconds after the GOP's end, and ever after."""
    signed = sign_clip(long_clip(plain(), 40)).units
    cut = 10 * GOP
    units = [*signed[:cut], *map(without_statements, signed[cut:])]
    found = judge("h264", units)
    assert worst([each for each in found if each[0] < 10]) is OK
    missed = [gop for gop, verdict in found if verdict is MISSING]
    assert missed[0] <= 10 + 10 / 0.8 + 2
    assert len(missed) == 50 - missed[0]
    assert {verdict for gop, verdict in found if gop >= 10} == {MISSING}


def test_statements_that_nobody_signs_are_missed() -> None:
    """Whoever has no key can make unsigned ones without end: after a minute they are worth nothing."""
    found = judge("h264", sign_clip(long_clip(plain(), 90), How(every=10**6, delay=1)).units)
    assert {verdict for _, verdict in found} == {MISSING}


def test_a_gop_without_end_is_missed() -> None:
    """No signature, and no key picture either: after a minute it is missed."""
    units = list(sign_clip(long_clip(plain(), 90)).units)
    units[5 * GOP + 1 :] = [unit for unit in map(without_statements, units[5 * GOP + 1 :]) if not unit.is_key]
    assert judge("h264", units)[-1][1] is MISSING


def test_a_gap_is_not_held_against_a_camera() -> None:
    """What waits for a statement when pictures are missing is not judged; what follows is, from the next GOP on."""
    signed = sign_clip(plain()).units
    signing = Signing("h264")
    assert worst(judge("h264", signed[: 3 * GOP + 9], signing=signing)) is OK
    signing.pass_gap()
    found = judge("h264", signed[6 * GOP + 9 :], signing=signing, begin_ns=60_000_000_000)
    assert len(found) == 2
    assert worst(found) is OK


def test_a_copy_goes_on_by_itself() -> None:
    """A recorder that has to take a fragment again gets the same verdicts from the copy it kept."""
    units = replaced(sign_clip(plain(), How(every=2, partial=7)).units, 110, flip(-9), "picture")
    signing = Signing("h264")
    judge("h264", units[:105], signing=signing)
    kept = signing.copy()
    first = judge("h264", units[105:], signing=signing)
    assert judge("h264", units[105:], signing=kept) == first
    assert worst(first) is BAD


def test_zeros_behind_a_picture_do_not_count() -> None:
    """Writers of MP4 put them there."""
    units = replaced(sign_clip(plain()).units, 110, lambda nal: nal + bytes(3), "picture")
    assert worst(judge("h264", units)) is OK


def test_what_cameras_do_not_sign_changes_nothing() -> None:
    """Parameter sets and other SEI are outside, and may be changed unseen: the documents say so."""
    units = list(sign_clip(plain()).units)
    units[110] = units[110]._replace(nals=(*units[0].nals[:1], b"\6\5\4abcd\x80", *units[110].nals))
    assert worst(judge("h264", units)) is OK


# -- certificates


def trusted(chain_name: str = "Camera", **how: int) -> tuple[Verdict, Signing]:
    """The worst verdict on a stream signed by a chain, with that chain's root to trust."""
    chain = make_chain(chain_name, **how)
    signing = Signing("h264", read_makers(chain.root))
    return worst(judge("h264", sign_clip(plain(), How(chain=chain)).units, signing=signing)), signing


@pytest.mark.parametrize("intermediates", [0, 1, 2])
def test_a_chain_that_leads_to_a_maker_is_trusted(intermediates: int) -> None:
    """Through any number of intermediate certificates."""
    verdict, signing = trusted(intermediates=intermediates)
    assert verdict is OK
    assert signing.signer is not None
    assert signing.signer.is_trusted


def test_a_certificate_that_may_not_issue_others_does_not() -> None:
    """A camera's own certificate makes no other camera trusted."""
    verdict, signing = trusted(intermediates=1, may_issue=False)
    assert verdict is BAD
    assert signing.signer is not None
    assert not signing.signer.is_trusted


def test_another_makers_camera_is_bad() -> None:
    """With makers, a chain of somebody else's proves nothing, however right its signatures are."""
    units = sign_clip(plain()).units
    assert worst(judge("h264", units)) is OK
    assert worst(judge("h264", units, makers=read_makers(make_chain("Another").root))) is BAD


def test_an_expired_certificate_is_bad() -> None:
    """The time that counts is that of the recording."""
    makers = read_makers(make_chain("Camera").root)
    units = sign_clip(plain()).units
    assert worst(judge("h264", units, makers=makers)) is OK
    assert worst(judge("h264", units, makers=makers, utc=EXPIRED)) is BAD


def test_a_camera_itself_may_be_the_maker() -> None:
    """Whoever knows a camera's certificate needs no maker's."""
    assert worst(judge("h264", sign_clip(plain()).units, makers=read_makers(make_chain("Camera").pem))) is OK


@pytest.mark.parametrize("gap", [False, True])
def test_another_certificate_in_mid_stream_is_bad(gap: bool) -> None:
    """Another signer's pictures can't take over a stream; after a gap it may be a new camera: its digest is told."""
    signing = Signing("h264")
    judge("h264", sign_clip(plain()).units, signing=signing)
    if gap:
        signing.pass_gap()
    before = signing.signer
    other = sign_clip(plain(), How(chain=make_chain("Another"))).units
    found = judge("h264", other, signing=signing, begin_ns=8_000_000_000)
    assert (worst(found) is BAD) is not gap
    assert signing.signer is not None
    assert before is not None
    assert signing.signer.digest != before.digest


def test_a_changed_statement_of_certificates_is_found() -> None:
    """It is signed like any other, and what it tells does not count then."""
    units = replaced(sign_clip(plain(), How(certificates="sei")).units, 0, flip(400), "statement")
    found = judge("h264", units)
    assert found[0][1] is BAD
    assert {verdict for _, verdict in found[1:]} == {NONE}


def test_without_a_certificate_nobody_knows() -> None:
    """Pictures and statements agree, and nothing says whose they are."""
    assert worst(judge("h264", sign_clip(plain(), How(certificates="none")).units)) is NONE


@pytest.mark.parametrize(
    "change", [(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"), (b"\x06\x08\x2a", b"\x06\x88\x2a")]
)
def test_a_certificate_that_cannot_be_read_is_refused(change: tuple[bytes, bytes]) -> None:
    """Whatever is wrong with it, the error is one of ours."""
    der = x509.load_pem_x509_certificate(make_chain("Camera").pem).public_bytes(Encoding.DER)
    assert change[0] in der
    body = base64.encodebytes(der.replace(*change))
    with pytest.raises(BadStatement):
        read_signer(b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n", ())


# -- forms, detection, limits


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_signatures_survive_the_way_in(codec: str) -> None:
    """Cut into RTP packets and put together again, statements and pictures are what was signed."""
    clip = sign_clip(plain(codec))
    maker = Packetizer(codec=codec)
    packets = Depacketizer(codec, 96, SECOND, (0, 1), Assembler(codec))
    feed_all(packets, interleave(one for unit in clip.units for one in maker.picture(unit.nals, unit.pts)))
    packets.flush(0)
    signing = Signing(codec)
    units = packets.take()
    assert len(units) == len(clip.units)
    found = [signing.take([unit.data], 0, IN_FORCE) for unit in units]
    assert [verdict for verdict in found if verdict is not None] == [OK] * 8


def test_a_form_of_later_years_is_not_judged() -> None:
    """A version that is not known here is no accusation, and what it is on waits for nobody."""

    def later(nal: bytes) -> bytes:
        return nal.replace(b"\4\0\x10\1", b"\4\0\x10\2", 1)

    units = list(sign_clip(long_clip(plain(), 40)).units)
    for at in range(GOP, len(units), GOP):
        units = replaced(units, at, later, "statement")
    found = judge("h264", units)
    assert {verdict for _, verdict in found} == {NONE}


def test_nothing_may_stand_behind_a_signature() -> None:
    """What is behind it is not signed: a second statement there is refused."""

    def divided(nal: bytes) -> bytes:
        place = len(nal) - 1 - 163 - 3  # the signature's field: 163 bytes, of which some are there to fill it
        assert nal[place : place + 3] == b"\3\0\xa3"
        size = 3 + int.from_bytes(nal[place + 4 : place + 6], "big")
        rest = 163 - size - 3
        field = b"\3" + size.to_bytes(2, "big") + nal[place + 3 : place + 3 + size]
        return nal[:place] + field + b"\5" + rest.to_bytes(2, "big") + b"\1" * rest + b"\x80"

    assert worst(judge("h264", replaced(sign_clip(plain()).units, 5 * GOP, divided, "statement"))) is BAD


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_camera_that_does_not_sign_is_told_by_its_messages_alone(codec: str) -> None:
    """SEI of other kinds are not taken for signatures; one that signs is seen wherever it stands before a picture."""
    assert not shows_signing(codec, map(boxed, plain(codec).units))
    assert shows_signing(codec, map(boxed, sign_clip(plain(codec)).units))
    in_picture = plain(codec).units[5]
    nals = (*in_picture.nals[:-1], in_picture.nals[-1] + UUID)
    assert not shows_signing(codec, [boxed(in_picture._replace(nals=nals))])


def test_axis_signatures_are_seen_and_not_judged() -> None:
    """The standard's predecessor is told, nothing is hashed for it, and nothing is missed."""
    sei = b"\6\5\x14" + AXIS_UUID + b"abcd\x80"
    units = [unit._replace(nals=(sei, *unit.nals)) if unit.is_key else unit for unit in long_clip(plain(), 90).units]
    assert shows_signing("h264", map(boxed, units))
    assert {verdict for _, verdict in judge("h264", units)} == {NONE}


def test_a_camera_can_fill_no_memory() -> None:
    """More slices than can be waited for, without a statement: missed, and forgotten."""
    unit = sign_clip(plain()).units[GOP]
    picture = unit.nals[-1]
    crowd = unit._replace(nals=(picture,) * 2_000)
    signing = Signing("h264")
    found = judge("h264", [unit, crowd, crowd, crowd], signing=signing)
    assert worst(found) is MISSING
    assert len(signing._waiting.hashes) <= limits.SIGNING_HASHES


def test_a_camera_can_make_no_endless_work() -> None:
    """Of more statements than a second can have, the rest are refused unread."""
    signed = sign_clip(plain(), How(partial=1, chain=make_chain("Camera", "rsa"))).units
    statements = tuple(nal for unit in signed for nal in unit.nals if UUID in nal)
    assert len(statements) > limits.SIGNING_WORK
    signing = Signing("h264")
    crowd = signed[0]._replace(nals=(*statements, *signed[0].nals))
    assert signing.take([boxed(crowd)], 0, IN_FORCE) is BAD
    assert len(signing._doubts) <= limits.SIGNING_STARTS
