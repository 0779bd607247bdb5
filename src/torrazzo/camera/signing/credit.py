# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a statement's signature is worth, and what is known of a stream's signer after it."""

from typing import NamedTuple

from torrazzo.camera.signing.signer import Makers, Signer, check_signature, read_signer
from torrazzo.camera.signing.statement import Statement
from torrazzo.camera.signing.verdict import Verdict


class Known(NamedTuple):
    """Who signs a stream, as told in it."""

    factory: Signer | None = None  # the certificate that the camera was made with
    owner: Signer | None = None  # one that its owner put in, if it signs with that
    current: Signer | None = None  # whose signature of pictures was right last
    is_settled: bool = False  # since the last gap it may not change
    algorithm: str = "sha256"  # of hashes


def judge_signature(found: Statement, known: Known, makers: Makers, utc: int) -> tuple[Verdict, Known]:
    """Judge a statement's signature; raises `BadStatement` or `UnknownForm`.

    What it tells of certificates counts only if its signature is right. Whether an unsigned one is right is told by the
    signed one that comes later.
    """
    if found.signature is None:
        return Verdict.OK, known
    told = known._replace(
        factory=_read(found.chain, known.factory, makers),
        owner=_read(found.user_chain, known.owner, makers),
        algorithm=found.algorithm or known.algorithm,
    )
    signer = told.factory if found.is_certificate else told.owner or told.factory
    if signer is None:
        return Verdict.NONE, told
    if not check_signature(signer.key, found.signature, found.document, told.algorithm, found.scheme):
        return Verdict.BAD, known
    verdict = Verdict.BAD if makers and not (signer.is_trusted and signer.is_valid(utc)) else Verdict.OK
    if found.is_certificate:  # the factory's key vouches for the owner's
        return verdict, told
    if known.is_settled and known.current is not None and known.current.digest != signer.digest:
        verdict = Verdict.BAD
    return verdict, told._replace(current=signer, is_settled=True)


def _read(pem: bytes | None, known: Signer | None, makers: Makers) -> Signer | None:
    return known if pem is None or (known is not None and known.pem == pem) else read_signer(pem, makers)
