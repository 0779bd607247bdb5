// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Layout } from "../api/walls";

/** A grid; the first tile may be larger than the others, a square of `first` places. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly first: number;
  readonly count: number;
}

export const LAYOUTS: Readonly<Record<Layout, Grid>> = {
  "1": { columns: 1, rows: 1, first: 1, count: 1 },
  "2": { columns: 2, rows: 1, first: 1, count: 2 },
  "4": { columns: 2, rows: 2, first: 1, count: 4 },
  "6": { columns: 3, rows: 3, first: 2, count: 6 },
  "8": { columns: 4, rows: 4, first: 3, count: 8 },
  "9": { columns: 3, rows: 3, first: 1, count: 9 },
  "12": { columns: 4, rows: 3, first: 1, count: 12 },
  "16": { columns: 4, rows: 4, first: 1, count: 16 },
  "20": { columns: 5, rows: 4, first: 1, count: 20 },
  "25": { columns: 5, rows: 5, first: 1, count: 25 },
};

export const LAYOUT_NAMES = (Object.keys(LAYOUTS) as Layout[]).sort((a, b) => Number(a) - Number(b));

/** The one that has no tile to spare, else the smallest of equal tiles that shows so many, at most 16. */
export function layoutFor(cameras: number): Layout {
  const exact = LAYOUT_NAMES.find((name) => LAYOUTS[name].count === cameras && cameras <= 16);
  return exact ?? LAYOUT_NAMES.find((name) => LAYOUTS[name].first === 1 && LAYOUTS[name].count >= cameras && Number(name) <= 16) ?? "16";
}

export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a tile's upper left corner stands, from 1. */
export function placeOf(layout: Layout, tile: number): Place {
  const grid = LAYOUTS[layout];
  const free = freePlaces(grid);
  return tile === 0 ? { row: 1, column: 1 } : (free[tile - 1] ?? { row: 1, column: 1 });
}

function freePlaces({ columns, rows, first }: Grid): readonly Place[] {
  const all: Place[] = [];
  for (let row = 1; row <= rows; row += 1) {
    for (let column = 1; column <= columns; column += 1) {
      if (row > first || column > first) all.push({ row, column });
    }
  }
  return all;
}

/** The tile that a key leads to; the same one where there is none. */
export function neighbour(layout: Layout, tile: number, key: string): number {
  const { count, columns, rows } = LAYOUTS[layout];
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  if (step === undefined) return tile;
  const from = placeOf(layout, tile);
  let [row, column] = [from.row, from.column];
  for (;;) {
    row += step[0] ?? 0;
    column += step[1] ?? 0;
    if (row < 1 || column < 1 || row > rows || column > columns) return tile;
    const found = tileAt(layout, row, column);
    if (found !== tile && found < count) return found;
  }
}

function tileAt(layout: Layout, row: number, column: number): number {
  const grid = LAYOUTS[layout];
  if (row <= grid.first && column <= grid.first) return 0;
  return freePlaces(grid).findIndex((place) => place.row === row && place.column === column) + 1;
}
