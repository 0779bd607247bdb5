// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Pointing, TurningSector } from "../../core/api/sectors";
import { numberFrom } from "../../core/number";

/** As typed; `key` is the row's own, whatever its place. */
export type TypedSector = Readonly<Record<keyof TurningSector, string>> & { readonly key: number };

export const SIDES = ["left", "right", "bottom", "top", "zoom"] as const satisfies readonly (keyof TurningSector)[];
const DIGITS = 1000; // a thousandth of the range is finer than any camera stands

let made = 0;

export function typedSector(sector: TurningSector): TypedSector {
  const text = (side: keyof TurningSector) => String(sector[side]);
  return { key: ++made, left: text("left"), right: text("right"), bottom: text("bottom"), top: text("top"), zoom: text("zoom") };
}

export function emptySector(): TypedSector {
  return { key: ++made, left: "", right: "", bottom: "", top: "", zoom: "1" };
}

export function low(side: keyof TurningSector): number {
  return side === "zoom" ? 0 : -1;
}

/** Undefined: something of it is no number of its range, or it goes the wrong way. */
export function sectorFrom(said: TypedSector): TurningSector | undefined {
  const [left, right, bottom, top, zoom] = SIDES.map((side) => numberFrom(said[side], low(side), 1));
  if (typeof left !== "number" || typeof right !== "number" || typeof bottom !== "number") return undefined;
  if (typeof top !== "number" || typeof zoom !== "number") return undefined;
  return left < right && bottom < top ? { left, right, bottom, top, zoom } : undefined;
}

export type Taken = "low" | "high" | "zoom";

/** The same, a corner or its zoom as the camera looks now; what it does not say stays. */
export function taken(said: TypedSector, which: Taken, { pan, tilt, zoom }: Pointing): TypedSector {
  const text = (value: number | null, otherwise: string) => (value === null ? otherwise : String(Math.round(value * DIGITS) / DIGITS));
  if (which === "zoom") return { ...said, zoom: text(zoom, said.zoom) };
  if (which === "low") return { ...said, left: text(pan, said.left), bottom: text(tilt, said.bottom) };
  return { ...said, right: text(pan, said.right), top: text(tilt, said.top) };
}
