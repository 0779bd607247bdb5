// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Arrangement, Cell, Layout } from "../api/walls";
import { layoutFor, LAYOUTS } from "./layouts";

export const EMPTY: Cell = { cameras: [], every_s: 10 };
export const MOVING = 16; // tiles that move at once: beyond it decoders fail without a word

/** For whoever has none yet: all cameras in their order. */
export function firstArrangement(cameras: readonly string[]): Arrangement {
  return { layout: layoutFor(cameras.length), cells: cameras.map((camera) => ({ cameras: [camera], every_s: 10 })), every_s: null };
}

/** At least one; an empty page at the end is none. */
export function pages({ layout, cells }: Arrangement): number {
  const used = cells.findLastIndex(({ cameras }) => cameras.length > 0) + 1;
  return Math.max(1, Math.ceil(used / LAYOUTS[layout].count));
}

/** As many as the layout shows. */
export function cellsOf({ layout, cells }: Arrangement, page: number): readonly Cell[] {
  const { count } = LAYOUTS[layout];
  return Array.from({ length: count }, (_, at) => cells[page * count + at] ?? EMPTY);
}

/** Where a tile of a page stands among all cells. */
export function indexOf({ layout }: Arrangement, page: number, tile: number): number {
  return page * LAYOUTS[layout].count + tile;
}

export function putCell(arrangement: Arrangement, at: number, cell: Cell): Arrangement {
  const cells = Array.from({ length: Math.max(arrangement.cells.length, at + 1) }, (_, index) => arrangement.cells[index] ?? EMPTY);
  cells[at] = cell;
  return { ...arrangement, cells: trimmed(cells) };
}

export function swapCells(arrangement: Arrangement, a: number, b: number): Arrangement {
  const [first, second] = [arrangement.cells[a] ?? EMPTY, arrangement.cells[b] ?? EMPTY];
  return putCell(putCell(arrangement, a, second), b, first);
}

export function chooseLayout(arrangement: Arrangement, layout: Layout): Arrangement {
  return { ...arrangement, layout };
}

/** A camera goes to the first empty tile of the page, else it is put at the end. */
export function addCamera(arrangement: Arrangement, page: number, camera: string): Arrangement {
  const empty = cellsOf(arrangement, page).findIndex(({ cameras }) => cameras.length === 0);
  const at = empty < 0 ? arrangement.cells.length : indexOf(arrangement, page, empty);
  return putCell(arrangement, at, { cameras: [camera], every_s: 10 });
}

/** The wall on which that camera stands alone in a tile, and where: put there, if it stands nowhere yet. */
export function withCamera(arrangement: Arrangement, camera: string): { readonly arrangement: Arrangement; readonly page: number; readonly tile: number } {
  const isAlone = ({ cameras }: Cell) => cameras.length === 1 && cameras[0] === camera;
  const found = arrangement.cells.some(isAlone) ? arrangement : addCamera(arrangement, 0, camera);
  const at = found.cells.findIndex(isAlone);
  const { count } = LAYOUTS[found.layout];
  return { arrangement: found, page: Math.floor(at / count), tile: at % count };
}

function trimmed(cells: readonly Cell[]): readonly Cell[] {
  return cells.slice(0, cells.findLastIndex(({ cameras }) => cameras.length > 0) + 1);
}
