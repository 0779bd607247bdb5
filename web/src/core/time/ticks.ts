// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant } from "../api/types";

/** UTC ticks in a second, as in facts and timelines; whole numbers, exact in a `number` until the year 5000. */
export const SECOND = 90_000;
const TICKS_IN_MS = SECOND / 1000;

export function ticksFromMs(ms: number): number {
  return Math.round(ms * TICKS_IN_MS);
}

/** Not rounded: 11.1 µs are a tick. */
export function msFromTicks(ticks: number): number {
  return ticks / TICKS_IN_MS;
}

/** Raises `RangeError` for a text that is no instant with `Z` or an offset. */
export function msFromInstant(instant: Instant): number {
  const ms = /T.*(Z|[+-]\d\d:\d\d)$/.test(instant) ? Date.parse(instant) : NaN;
  if (Number.isNaN(ms)) throw new RangeError(`no instant: ${instant}`);
  return ms;
}

export function ticksFromInstant(instant: Instant): number {
  return ticksFromMs(msFromInstant(instant));
}

/** Rounded down to milliseconds, as the server does. */
export function instantFromTicks(ticks: number): Instant {
  return new Date(Math.floor(ticks / TICKS_IN_MS)).toISOString();
}
