// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What of time a timeline shows: [from, to) in UTC milliseconds, which may be fractions. Pure. */

export interface View {
  readonly from: number;
  readonly to: number;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const SHORTEST = SECOND;
export const LONGEST = 7 * DAY;

/** Lengths that + and - step through. */
export const LENGTHS: readonly number[] = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  4 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  LONGEST,
];

export function lengthOf({ from, to }: View): number {
  return to - from;
}

/** So long, and `at` where it was, as a part of the width. */
export function zoomedTo(view: View, length: number, at: number): View {
  const wanted = Math.min(LONGEST, Math.max(SHORTEST, length));
  const part = (at - view.from) / lengthOf(view);
  const from = at - part * wanted;
  return { from, to: from + wanted };
}

/** The next of LENGTHS that is shorter (`inwards`) or longer. */
export function zoomedBy(view: View, inwards: boolean, at: number): View {
  const now = lengthOf(view);
  const shorter = LENGTHS.filter((length) => length < now * 0.999).at(-1) ?? SHORTEST;
  const longer = LENGTHS.find((length) => length > now * 1.001) ?? LONGEST;
  return zoomedTo(view, inwards ? shorter : longer, at);
}

export function moved(view: View, by: number): View {
  return { from: view.from + by, to: view.to + by };
}

/** Of the same length, with `at` in the middle. */
export function centred(view: View, at: number): View {
  const half = lengthOf(view) / 2;
  return { from: at - half, to: at + half };
}

/** As it is while `at` is well inside; else turned like a page, so that `at` stands near the edge it came from. */
export function following(view: View, at: number, isForward: boolean): View {
  const length = lengthOf(view);
  if (at >= view.from && at <= view.to - length * (isForward ? 0.02 : 0)) return view;
  const from = isForward ? at - length * 0.1 : at - length * 0.9;
  return { from, to: from + length };
}

export function xOf(view: View, at: number, width: number): number {
  return ((at - view.from) / lengthOf(view)) * width;
}

export function timeAt(view: View, x: number, width: number): number {
  return view.from + (x / width) * lengthOf(view);
}

/** How far an arrow and a page go: a hundredth and a tenth of the view, in a whole unit that people count in. */
export function stepOf(view: View): { readonly arrow: number; readonly page: number } {
  const units = [0.04, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600].map((seconds) => seconds * SECOND);
  const nearest = (wanted: number) => units.filter((unit) => unit <= wanted).at(-1) ?? 0.04 * SECOND;
  const length = lengthOf(view);
  return { arrow: nearest(length / 60), page: nearest(length / 6) };
}
