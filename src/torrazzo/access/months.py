# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secrets of the months: `secrets/month-YYYYMM.key`, 32 bytes, mode 0600.

With one of them destroyed nobody can tell any more of whom that month's facts tell. So there is a file for each, drawn
when it is first needed, and in its own month only.
"""

import datetime as dt
import re
import secrets
import threading

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.durable import Disk
from torrazzo.seal.chain import KEY_LENGTH
from torrazzo.town.home import Home

KEPT_YEARS = 5  # D.P.R. 15/2018, art. 24 c. 4

_NAME = re.compile(r"month-([0-9]{6})\.key", re.ASCII)
_PATIENCE = 50
_PAUSE_S = 0.1


class Months:
    """Reads them, and draws the present one; processes that do so at one time wait for each other."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self._home, self._disk, self._clock = home, disk, clock
        self._folder = home.box_key.parent

    def present(self) -> str:
        """The month that it is, in UTC."""
        return month_of(self._clock.utc())

    def secret(self, month: str) -> bytes:
        """Of this month; raises `Unavailable` if it was destroyed, or never drawn and is not the present one.

        Read each time: one whose file was destroyed is in no memory either, and nobody has to restart for that.
        """
        return self._read(month) or self._drawn(month)

    def erase_old(self, now: UtcTicks) -> list[str]:
        """Those of months that had ended five years before (LG-04): of whom their facts tell nobody can say then.

        `now` has to be believed: there is no way back. Returns which. Raises OSError.
        """
        last = f"{int(month_of(now)) - KEPT_YEARS * 100:06}"
        try:
            names = self._disk.list(self._folder)
        except FileNotFoundError:
            return []
        gone = [match[1] for name in names if (match := _NAME.fullmatch(name)) and match[1] < last]
        for month in gone:
            self._disk.erase(self._folder / f"month-{month}.key")
        if gone:
            self._disk.sync_folder(self._folder)
        return gone

    def _read(self, month: str) -> bytes | None:
        path = self._folder / f"month-{month}.key"
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{path}: {error.strerror}; run as the user that owns the home") from error
        if len(found) != KEY_LENGTH:
            raise Invalid(f"{path}: {len(found)} bytes, expected {KEY_LENGTH}; put its last copy back")
        return found

    def _drawn(self, month: str) -> bytes:
        if month != self.present():
            raise Unavailable(f"the secret of {month} is destroyed: nobody can tell who did what in that month")
        self._disk.make_folder(self._folder)
        self._disk.make_folder(self._home.run)
        for _ in range(_PATIENCE):
            try:
                with self._disk.lock(self._home.run / "months.lock"):
                    found = self._read(month)
                    if found is None:
                        found = secrets.token_bytes(KEY_LENGTH)
                        self._disk.publish(self._folder / f"month-{month}.key", found, 0o600)
                    return found
            except Refused:
                threading.Event().wait(_PAUSE_S)
        raise Unavailable(f"{self._home.run / 'months.lock'} is held for long; see what `torrazzo serve` says")


def month_of(ticks: int) -> str:
    """`YYYYMM` in UTC."""
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=ticks // SECOND)).strftime("%Y%m")
