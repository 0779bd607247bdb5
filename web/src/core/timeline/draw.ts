// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type Mark, marksOf, jumpsOf } from "./marks";
import { drawPattern, type Pattern, patternOf } from "./pattern";
import { type Flag, joined, type Row, type Stretch } from "./rows";
import { type View, xOf } from "./view";

/** Ink of a theme, as the page's stylesheet has it. */
export interface Ink {
  readonly paper: string;
  readonly raised: string;
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly fine: string;
  readonly warning: string;
  readonly warningPaper: string;
  readonly primary: string;
  readonly info: string;
}

/** What a timeline says in words: the page's language and zone. */
export interface Say {
  readonly zone: string;
  label(at: number, mark: Mark["size"], view: View): string;
  cause(why: readonly string[]): string;
  jump(minutes: number): string;
}

export interface Scene {
  readonly view: View;
  readonly rows: readonly Row[];
  readonly flags: readonly Flag[];
  readonly at: number;
  readonly loop: Stretch | null;
  readonly look: Stretch | null;
  /** The clock runs: whoever listens is not told each second. */
  readonly isRunning: boolean;
}

export const HEAD = 34;
export const ROW = 24;
const BAR = 14;
const FONT = 12;

export function heightOf(rows: number): number {
  return HEAD + Math.max(1, rows) * ROW + 6;
}

/** Draws a scene on a canvas context; patterns are made once for each ink. */
export class Painter {
  #ink: Ink | null = null;
  readonly #patterns = new Map<Pattern, CanvasPattern | null>();

  paint(brush: CanvasRenderingContext2D, scene: Scene, size: { width: number; height: number; scale: number }, ink: Ink, say: Say): void {
    if (this.#ink !== ink) {
      this.#ink = ink;
      this.#patterns.clear();
    }
    const { width, height } = size;
    brush.setTransform(size.scale, 0, 0, size.scale, 0, 0);
    brush.fillStyle = ink.raised;
    brush.fillRect(0, 0, width, height);
    brush.font = `${FONT}px ${getComputedStyle(brush.canvas).fontFamily}`;
    brush.textBaseline = "middle";
    if (scene.look !== null) this.#outside(brush, scene.view, scene.look, width, height, ink);
    this.#marks(brush, scene.view, width, height, ink, say);
    scene.rows.forEach((row, at) => this.#row(brush, scene.view, row, HEAD + at * ROW, width, size.scale, ink, say));
    this.#flags(brush, scene, width, ink);
    if (scene.loop !== null) this.#loop(brush, scene.view, scene.loop, width, height, ink);
    this.#head(brush, xOf(scene.view, scene.at, width), height, ink);
  }

  /** What the present look does not reach is darker. */
  #outside(brush: CanvasRenderingContext2D, view: View, look: Stretch, width: number, height: number, ink: Ink): void {
    brush.fillStyle = ink.line;
    brush.globalAlpha = 0.45;
    const [from, to] = [xOf(view, look.from, width), xOf(view, look.to, width)];
    if (from > 0) brush.fillRect(0, HEAD - 4, Math.min(from, width), height);
    if (to < width) brush.fillRect(Math.max(0, to), HEAD - 4, width, height);
    brush.globalAlpha = 1;
  }

  #marks(brush: CanvasRenderingContext2D, view: View, width: number, height: number, ink: Ink, say: Say): void {
    let free = -Infinity; // where the next label may begin
    for (const mark of marksOf(view, width, say.zone)) {
      const x = Math.round(xOf(view, mark.at, width)) + 0.5;
      line(brush, mark.size === "day" ? ink.quiet : ink.line, x, mark.size === "small" ? HEAD - 10 : HEAD - 16, mark.size === "small" ? HEAD - 4 : height);
      if (mark.size === "small") continue;
      const text = say.label(mark.at, mark.size, view);
      if (x + 3 < free) continue;
      brush.fillStyle = mark.size === "day" ? ink.ink : ink.quiet;
      brush.fillText(text, x + 3, 11);
      free = x + brush.measureText(text).width + 12;
    }
    for (const jump of jumpsOf(view, say.zone)) this.#jump(brush, Math.round(xOf(view, jump.at, width)), height, say.jump(jump.minutes), ink);
  }

  /** The clocks are set here: a double line with its words. */
  #jump(brush: CanvasRenderingContext2D, x: number, height: number, text: string, ink: Ink): void {
    brush.setLineDash([3, 3]);
    line(brush, ink.info, x - 1, HEAD - 10, height);
    line(brush, ink.info, x + 2, HEAD - 10, height);
    brush.setLineDash([]);
    const wide = brush.measureText(text).width;
    brush.fillStyle = ink.raised;
    brush.fillRect(x + 5, HEAD - 14, wide + 4, 13);
    brush.fillStyle = ink.info;
    brush.fillText(text, x + 7, HEAD - 7);
  }

  #row(brush: CanvasRenderingContext2D, view: View, row: Row, top: number, width: number, scale: number, ink: Ink, say: Say): void {
    const box = (stretch: Stretch): [x: number, width: number] => {
      const from = Math.max(-2, xOf(view, stretch.from, width));
      return [from, Math.max(1, Math.min(width + 2, xOf(view, stretch.to, width)) - from)];
    };
    const shown = (stretch: Stretch) => stretch.to > view.from && stretch.from < view.to;
    brush.fillStyle = ink.fine;
    for (const each of joined(row.recorded, (view.to - view.from) / width / 4).filter(shown)) {
      const [x, wide] = box(each);
      brush.fillRect(x, top + 3, wide, BAR);
    }
    for (const gap of row.gaps.filter(shown)) {
      const [x, wide] = box(gap);
      const seen = Math.max(2, wide);
      const isUnknown = gap.why[0] === "none"; // before the camera, after its life: nothing to be alarmed at
      brush.fillStyle = isUnknown ? ink.raised : (this.#pattern(brush, patternOf(gap.why), scale, ink) ?? ink.warning);
      brush.fillRect(x, top + 3, seen, BAR);
      brush.strokeStyle = isUnknown ? ink.quiet : ink.warning;
      brush.lineWidth = 1;
      brush.strokeRect(x + 0.5, top + 3.5, Math.max(1, seen - 1), BAR - 1);
      words(brush, say.cause(gap.why), Math.max(0, x), Math.min(width, x + seen), top + 3, ink, isUnknown ? ink.raised : ink.warningPaper);
    }
    brush.fillStyle = ink.primary;
    for (const hold of row.holds.filter(shown)) {
      const [x, wide] = box(hold);
      brush.fillRect(x, top + 3 + BAR, wide, 3);
    }
  }

  /** Bookmarks: a flag at the head of the rows. */
  #flags(brush: CanvasRenderingContext2D, { flags, view }: Scene, width: number, ink: Ink): void {
    brush.fillStyle = ink.primary;
    for (const { at } of flags.filter((flag) => flag.at >= view.from && flag.at < view.to)) {
      const x = Math.round(xOf(view, at, width));
      brush.beginPath();
      brush.moveTo(x, HEAD + 2);
      brush.lineTo(x, HEAD - 12);
      brush.lineTo(x + 9, HEAD - 8);
      brush.lineTo(x + 1.5, HEAD - 4);
      brush.lineTo(x + 1.5, HEAD + 2);
      brush.fill();
    }
  }

  #loop(brush: CanvasRenderingContext2D, view: View, loop: Stretch, width: number, height: number, ink: Ink): void {
    const [from, to] = [xOf(view, loop.from, width), xOf(view, loop.to, width)];
    brush.fillStyle = ink.info;
    brush.globalAlpha = 0.22;
    brush.fillRect(from, HEAD - 4, to - from, height);
    brush.globalAlpha = 1;
    line(brush, ink.info, from, HEAD - 8, height);
    line(brush, ink.info, to, HEAD - 8, height);
    brush.fillText("A", from + 3, height - 7);
    brush.fillText("B", to - 11, height - 7);
  }

  #head(brush: CanvasRenderingContext2D, x: number, height: number, ink: Ink): void {
    brush.fillStyle = ink.paper;
    brush.fillRect(x - 2, 18, 4, height);
    brush.fillStyle = ink.ink;
    brush.fillRect(x - 1, 18, 2, height);
    brush.beginPath();
    brush.moveTo(x - 6, 16);
    brush.lineTo(x + 6, 16);
    brush.lineTo(x, 25);
    brush.fill();
  }

  #pattern(brush: CanvasRenderingContext2D, pattern: Pattern, scale: number, ink: Ink): CanvasPattern | null {
    let found = this.#patterns.get(pattern);
    if (found === undefined) {
      found = brush.createPattern(drawPattern(pattern, ink.warning, ink.warningPaper, scale), "repeat");
      found?.setTransform(new DOMMatrix().scale(1 / scale));
      this.#patterns.set(pattern, found);
    }
    return found;
  }
}

/** Where they fit. */
function words(brush: CanvasRenderingContext2D, text: string, from: number, to: number, top: number, ink: Ink, paper: string): void {
  const wide = brush.measureText(text).width;
  if (to - from < wide + 14) return;
  const x = (from + to - wide) / 2;
  brush.fillStyle = paper;
  brush.fillRect(x - 4, top + 1, wide + 8, BAR - 2);
  brush.fillStyle = ink.ink;
  brush.fillText(text, x, top + BAR / 2 + 0.5);
}

function line(brush: CanvasRenderingContext2D, ink: string, x: number, top: number, bottom: number): void {
  brush.strokeStyle = ink;
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(x, top);
  brush.lineTo(x, bottom);
  brush.stroke();
}
