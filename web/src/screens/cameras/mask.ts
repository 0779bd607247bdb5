// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { MaskArea, MaskKind } from "../../core/api/masks";
import { numberFrom } from "../../core/number";

export const KINDS: readonly MaskKind[] = ["Color", "Pixelated", "Blurred"];

/** Per cent of the picture, from the left and from above, as typed. */
export type TypedCorner = readonly [left: string, top: string];

export interface TypedArea {
  /** The row's own, whatever its place. */
  readonly key: number;
  readonly kind: MaskKind;
  readonly corners: readonly TypedCorner[];
}

const TENTH = 10; // of a per cent
let made = 0;

function text(perCent: number): string {
  return String(Math.round(perCent * TENTH) / TENTH);
}

export function typedArea({ corners, kind }: MaskArea): TypedArea {
  return { key: ++made, kind, corners: corners.map(([x, y]) => [text((x + 1) * 50), text((1 - y) * 50)] as const) };
}

/** Between two points of the picture, in per cent; without them one in the middle. */
export function rectangle(from: readonly [number, number] = [40, 40], to: readonly [number, number] = [60, 60]): TypedArea {
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])].map(text) as [string, string];
  const [top, bottom] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])].map(text) as [string, string];
  return { key: ++made, kind: "Color", corners: [[left, bottom], [right, bottom], [right, top], [left, top]] };
}

/** Undefined: a corner is no place on the picture. */
export function areaFrom({ corners, kind }: TypedArea): MaskArea | undefined {
  const found = corners.map(([left, top]) => [numberFrom(left, 0, 100), numberFrom(top, 0, 100)] as const);
  if (found.some(([x, y]) => typeof x !== "number" || typeof y !== "number")) return undefined;
  return { kind, corners: found.map(([x, y]) => [fromPerCent(x ?? 0), -fromPerCent(y ?? 0)] as const) };
}

function fromPerCent(value: number): number {
  return Math.round((value / 50 - 1) * 10000) / 10000;
}

/** For SVG, in a picture of 100 by 100. */
export function points({ corners }: MaskArea): string {
  return corners.map(([x, y]) => `${(x + 1) * 50},${(1 - y) * 50}`).join(" ");
}
