// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Map } from "maplibre-gl";

import type { Colours } from "./style";

/** A camera's state on the map: each has a shape of its own, so that none is told by its colour alone. */
export type Mark = "fine" | "warning" | "alarm" | "off";
export const MARKS: readonly Mark[] = ["fine", "warning", "alarm", "off"];

const SIDE = 26; // pixels of the page
const RATIO = 2;

/** Draws them anew in these colours. */
export function addMarks(map: Map, colours: Colours): void {
  for (const mark of MARKS) {
    const image = draw(mark, colours);
    if (image === null) continue;
    if (map.hasImage(mark)) map.updateImage(mark, image);
    else map.addImage(mark, image, { pixelRatio: RATIO });
  }
}

function draw(mark: Mark, colours: Colours): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE * RATIO;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.scale(RATIO, RATIO);
  context.lineWidth = 2;
  context.lineJoin = context.lineCap = "round";
  context.fillStyle = colours.paper;
  context.strokeStyle = colours[mark];
  context.beginPath();
  outline(context, mark);
  context.fill();
  context.stroke();
  context.beginPath();
  sign(context, mark);
  context.stroke();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Circle, triangle, square, broken circle. */
function outline(context: CanvasRenderingContext2D, mark: Mark): void {
  const middle = SIDE / 2;
  if (mark === "warning") polygon(context, [[middle, 3], [SIDE - 2, SIDE - 4], [2, SIDE - 4]]);
  else if (mark === "alarm") polygon(context, [[3, 3], [SIDE - 3, 3], [SIDE - 3, SIDE - 3], [3, SIDE - 3]]);
  else {
    context.setLineDash(mark === "off" ? [3, 4] : []);
    context.arc(middle, middle, middle - 3, 0, 2 * Math.PI);
  }
}

/** Tick, exclamation mark, cross, bar. */
function sign(context: CanvasRenderingContext2D, mark: Mark): void {
  context.setLineDash([]);
  const lines: Record<Mark, readonly (readonly [number, number])[][]> = {
    fine: [[[8, 13], [12, 17], [18, 9]]],
    warning: [[[13, 10], [13, 15]], [[13, 18.5], [13, 19]]],
    alarm: [[[8.5, 8.5], [17.5, 17.5]], [[17.5, 8.5], [8.5, 17.5]]],
    off: [[[9, 13], [17, 13]]],
  };
  for (const [first, ...rest] of lines[mark]) {
    if (first === undefined) continue;
    context.moveTo(...first);
    for (const point of rest) context.lineTo(...point);
  }
}

function polygon(context: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[]): void {
  corners.forEach(([x, y], at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
}
