// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** The town's zone: which wall clock stood when. A wall time may name no instant, one, or two. */

export interface Wall {
  /** `2026-10-25` */
  readonly date: string;
  /** `02:30:00` */
  readonly time: string;
}

const MINUTE = 60_000;
const HALF_DAY = 12 * 60 * MINUTE;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes to add to UTC at that moment. */
export function offsetAt(ms: number, zone: string): number {
  const part = new Map(numbers(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const at = (name: Intl.DateTimeFormatPartTypes) => part.get(name) ?? 0;
  const wall = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return Math.round((wall - Math.floor(ms / 1000) * 1000) / MINUTE);
}

export function wallAt(ms: number, zone: string): Wall {
  const text = new Date(ms + offsetAt(ms, zone) * MINUTE).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 19) };
}

/** The instants (ms) at which the zone's clocks showed that: none in the hour that spring leaves out, two in autumn's. */
export function instantsOf(wall: Wall, zone: string): readonly number[] {
  const asUtc = Date.parse(`${wall.date}T${wall.time}Z`);
  if (Number.isNaN(asUtc)) throw new RangeError(`no wall time: ${wall.date} ${wall.time}`);
  const offsets = new Set([asUtc - HALF_DAY * 2, asUtc, asUtc + HALF_DAY * 2].map((ms) => offsetAt(ms, zone)));
  return [...offsets]
    .map((offset) => ({ ms: asUtc - offset * MINUTE, offset }))
    .filter(({ ms, offset }) => offsetAt(ms, zone) === offset)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
}

/** Whether the wall clock showed this moment's time twice. */
export function isAmbiguous(ms: number, zone: string): boolean {
  return instantsOf(wallAt(ms, zone), zone).length > 1;
}

/** The date that a day begins with; `days` later or, below zero, earlier. */
export function dateAt(ms: number, zone: string, days = 0): string {
  const { date } = wallAt(ms, zone);
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 2 * HALF_DAY).toISOString().slice(0, 10);
}

function numbers(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, found);
  }
  return found;
}
