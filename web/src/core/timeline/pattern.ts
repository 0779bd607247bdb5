// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** How a gap looks: a pattern for each cause, so that none is told by colour alone. */

export type Pattern = "rising" | "falling" | "cross" | "upright" | "level" | "dots" | "grid" | "sparse";

const PATTERNS: Readonly<Record<string, Pattern>> = {
  net: "rising",
  auth: "rising",
  nosignal: "falling",
  codec: "falling",
  hole: "dots",
  disk: "cross",
  restart: "upright",
  clock: "upright",
  maintenance: "level",
  schedule: "level",
  permit: "grid",
  keys: "grid",
  mask: "dots",
  none: "sparse",
};

/** A cause that we do not know has a pattern too. */
export function patternOf(why: readonly string[]): Pattern {
  return PATTERNS[why[0] ?? ""] ?? "cross";
}

const SIZE = 8;
const LINES: Readonly<Record<Pattern, readonly (readonly [number, number, number, number])[]>> = {
  rising: [[0, 8, 8, 0], [-2, 2, 2, -2], [6, 10, 10, 6]],
  falling: [[0, 0, 8, 8], [-2, 6, 2, 10], [6, -2, 10, 2]],
  cross: [[0, 0, 8, 8], [0, 8, 8, 0]],
  upright: [[4, 0, 4, 8]],
  level: [[0, 4, 8, 4]],
  grid: [[4, 0, 4, 8], [0, 4, 8, 4]],
  dots: [[3, 4, 5, 4]],
  sparse: [],
};

/** A tile to fill with: `ink` on `paper`. */
export function drawPattern(pattern: Pattern, ink: string, paper: string, scale: number): OffscreenCanvas {
  const tile = new OffscreenCanvas(Math.round(SIZE * scale), Math.round(SIZE * scale));
  const brush = tile.getContext("2d");
  if (brush === null) return tile;
  brush.scale(tile.width / SIZE, tile.height / SIZE);
  brush.fillStyle = paper;
  brush.fillRect(0, 0, SIZE, SIZE);
  brush.strokeStyle = ink;
  brush.lineWidth = pattern === "dots" ? 2 : 1.2;
  brush.beginPath();
  for (const [x0, y0, x1, y1] of LINES[pattern]) {
    brush.moveTo(x0, y0);
    brush.lineTo(x1, y1);
  }
  brush.stroke();
  return tile;
}
