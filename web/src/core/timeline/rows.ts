// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { View } from "./view";

/** What is known of each camera's time: what a timeline draws, and its table tells. Times: UTC milliseconds. Pure. */

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface GapStretch extends Stretch {
  /** Its causes, most of the time first. */
  readonly why: readonly string[];
}

export interface Row {
  readonly camera: string;
  readonly name: string;
  readonly recorded: readonly Stretch[];
  readonly gaps: readonly GapStretch[];
  readonly holds: readonly Stretch[];
}

export interface Flag {
  readonly id: string;
  readonly at: number;
  readonly note: string;
  readonly camera: string;
}

export type Kind = "recorded" | "gap" | "hold" | "nothing";

/** One line of the table beside a timeline. */
export interface Interval extends Stretch {
  readonly camera: string;
  readonly name: string;
  readonly kind: Kind;
  readonly why?: readonly string[];
}

/** What a camera has at a moment; nothing where neither footage nor a gap is known. */
export function whatAt(row: Row, at: number): Interval {
  const gap = row.gaps.find((each) => holds(each, at));
  const recorded = row.recorded.find((each) => holds(each, at));
  const found = gap ?? recorded ?? { from: at, to: at };
  const kind: Kind = gap !== undefined ? "gap" : recorded !== undefined ? "recorded" : "nothing";
  const why = gap === undefined ? {} : { why: gap.why };
  return { camera: row.camera, name: row.name, kind, from: found.from, to: found.to, ...why };
}

/** All of a view in the order of time: what is recorded (joined where nothing lies between), gaps, holds. */
export function intervalsOf(rows: readonly Row[], view: View): readonly Interval[] {
  return rows
    .flatMap((row) => [
      ...joined(row.recorded).map((each) => told(row, each, "recorded")),
      ...row.gaps.map((each) => ({ ...told(row, each, "gap"), why: each.why })),
      ...row.holds.map((each) => told(row, each, "hold")),
    ])
    .filter(({ from, to }) => from < view.to && to > view.from)
    .sort((a, b) => a.from - b.from || a.name.localeCompare(b.name));
}

/** Stretches that touch become one. */
export function joined(stretches: readonly Stretch[], slack = 1): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const each of [...stretches].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last !== undefined && each.from - last.to <= slack) found[found.length - 1] = { from: last.from, to: Math.max(last.to, each.to) };
    else found.push({ from: each.from, to: each.to });
  }
  return found;
}

/** For jumping: the edge of the next gap, or the one before; undefined where there is none. */
export function nextGap(rows: readonly Row[], at: number, isForward: boolean): number | undefined {
  const edges = rows.flatMap(({ gaps }) => gaps.map(({ from }) => from)).sort((a, b) => a - b);
  return isForward ? edges.find((edge) => edge > at + 1) : edges.filter((edge) => edge < at - 1).at(-1);
}

function told({ camera, name }: Row, { from, to }: Stretch, kind: Kind): Interval {
  return { camera, name, kind, from, to };
}

function holds({ from, to }: Stretch, at: number): boolean {
  return at >= from && at < to;
}
