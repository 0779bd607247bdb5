// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { offsetAt } from "../time/zone";
import { DAY, HOUR, lengthOf, MINUTE, SECOND, type View } from "./view";

/** Lines and labels above a timeline, by the wall clock of a zone: an hour that comes twice has its marks twice. Pure. */

export interface Mark {
  readonly at: number;
  /** "day": midnight. "large": with a label. "small": a line. */
  readonly size: "small" | "large" | "day";
}

/** A moment at which the zone's clocks are set: minutes forward or, below zero, back. */
export interface Jump {
  readonly at: number;
  readonly minutes: number;
}

const STEPS: readonly number[] = [
  20,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  DAY,
];
const LABEL_PX = 92;
const LINE_PX = 11;

/** Distance of labels and of lines for a view that is so wide. */
export function distances(view: View, width: number): { readonly label: number; readonly line: number } {
  const px = lengthOf(view) / Math.max(1, width);
  const label = STEPS.find((step) => step >= px * LABEL_PX) ?? DAY;
  const line = STEPS.find((step) => step >= px * LINE_PX && label % step === 0) ?? label;
  return { label, line };
}

export function marksOf(view: View, width: number, zone: string): readonly Mark[] {
  const { label, line } = distances(view, width);
  const large = new Set(instantsAt(view, label, zone));
  const days = new Set(instantsAt(view, DAY, zone));
  const all = new Set([...instantsAt(view, line, zone), ...large, ...days]);
  return [...all].sort((a, b) => a - b).map((at) => ({ at, size: days.has(at) ? "day" : large.has(at) ? "large" : "small" }));
}

/** Where the zone's clocks are set within a view. A week has one such moment at most. */
export function jumpsOf(view: View, zone: string): readonly Jump[] {
  const before = offsetAt(view.from, zone);
  const minutes = offsetAt(view.to, zone) - before;
  if (minutes === 0) return [];
  let [low, high] = [Math.floor(view.from / MINUTE), Math.ceil(view.to / MINUTE)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * MINUTE, zone) === before) low = middle;
    else high = middle;
  }
  return [{ at: high * MINUTE, minutes }];
}

/** All instants of a view at which the wall clock shows a multiple of `step`. */
function instantsAt(view: View, step: number, zone: string): readonly number[] {
  const [jump] = jumpsOf(view, zone);
  const parts = jump === undefined ? [view] : [{ from: view.from, to: jump.at }, { from: jump.at, to: view.to }];
  return parts.flatMap(({ from, to }) => {
    const offset = offsetAt(from, zone) * MINUTE;
    const first = Math.ceil((from + offset) / step) * step - offset;
    return Array.from({ length: Math.max(0, Math.ceil((to - first) / step)) }, (_, n) => first + n * step);
  });
}
