// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { HEAD, heightOf, type Ink, Painter, type Say, type Scene } from "./draw";
import { centred, moved, stepOf, timeAt, type View, zoomedBy, zoomedTo, lengthOf } from "./view";

/** What somebody wishes of a timeline. */
export interface Wishes {
  /** To stand there; `isOver`: the hand let go. */
  seek(at: number, isOver: boolean): void;
  view(view: View): void;
  /** The pointer is over a moment; null: over none. */
  over(at: number | null, x: number): void;
}

/** Words for assistive technology. */
export interface Spoken extends Say {
  readonly name: string;
  value(at: number): string;
  /** How much of time is seen. */
  seen(view: View): string;
}

const DRAG_PX = 4;
const SPOKEN_MS = 30_000; // where it runs

interface Drag {
  readonly from: number;
  readonly view: View;
  readonly isSeek: boolean;
  hasMoved: boolean;
}

/**
 * A timeline on a canvas, in an element that is a slider. It draws what it is given by `show` and changes nothing by
 * itself: what hand, wheel and keys ask for it tells as wishes.
 */
export class Timeline {
  readonly #canvas = document.createElement("canvas");
  readonly #painter = new Painter();
  readonly #aborter = new AbortController();
  readonly #observer: ResizeObserver;
  readonly #themes = new MutationObserver(() => this.#redraw());
  readonly #fingers = new Map<number, number>();
  #scene: Scene | null = null;
  #ink: Ink | null = null;
  #drag: Drag | null = null;
  #pinch: { readonly length: number; readonly gap: number } | null = null;
  #isDue = false;
  #isZoomed = false; // by keys: then how much is seen is what changed
  #spokenAt = -Infinity;

  constructor(
    readonly host: HTMLElement,
    private spoken: Spoken,
    private readonly wishes: Wishes,
  ) {
    this.#canvas.setAttribute("aria-hidden", "true");
    host.append(this.#canvas);
    host.setAttribute("role", "slider");
    host.setAttribute("aria-orientation", "horizontal");
    host.tabIndex = 0;
    this.#listen();
    this.#observer = new ResizeObserver(() => this.#redraw());
    this.#observer.observe(host);
    this.#themes.observe(document.head, { subtree: true, attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw(), { signal: this.#aborter.signal });
  }

  show(scene: Scene): void {
    this.#scene = scene;
    this.#redraw();
  }

  /** Another language or zone. */
  speak(spoken: Spoken): void {
    this.spoken = spoken;
    this.#redraw();
  }

  end(): void {
    this.#aborter.abort();
    this.#observer.disconnect();
    this.#themes.disconnect();
    this.#canvas.remove();
  }

  get #width(): number {
    return Math.max(1, this.host.clientWidth);
  }

  #redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.#aborter.signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const scene = this.#scene;
    const brush = this.#canvas.getContext("2d");
    if (scene === null || brush === null) return;
    const { spoken } = this;
    const scale = Math.max(1, devicePixelRatio);
    const [width, height] = [this.#width, heightOf(scene.rows.length)];
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== wide || this.#canvas.height !== high) {
      [this.#canvas.width, this.#canvas.height] = [wide, high];
      this.#canvas.style.height = `${height}px`;
    }
    const ink = inkOf(this.host);
    if (this.#ink === null || JSON.stringify(ink) !== JSON.stringify(this.#ink)) this.#ink = ink;
    this.#painter.paint(brush, scene, { width, height, scale }, this.#ink, spoken);
    this.#tell(scene);
  }

  /** A screen reader reads each change of a slider that has the focus: of a clock that runs, seldom; of what keys do, each. */
  #tell({ at, view, isRunning }: Scene): void {
    const { spoken } = this;
    const text = this.#isZoomed ? `${spoken.seen(view)}; ${spoken.value(at)}` : spoken.value(at);
    const said = { label: spoken.name, valuemin: Math.floor(view.from), valuemax: Math.ceil(view.to), valuenow: Math.round(at), valuetext: text };
    const isListening = isRunning && document.activeElement === this.host;
    if (isListening && performance.now() - this.#spokenAt < SPOKEN_MS) return;
    this.#spokenAt = performance.now();
    for (const [name, value] of Object.entries(said)) {
      if (this.host.getAttribute(`aria-${name}`) !== String(value)) this.host.setAttribute(`aria-${name}`, String(value));
    }
  }

  #listen(): void {
    const { signal } = this.#aborter;
    const on = <K extends keyof HTMLElementEventMap>(name: K, heard: (event: HTMLElementEventMap[K]) => void) =>
      this.host.addEventListener(name, heard, { signal, passive: false });
    on("keydown", (event) => this.#key(event));
    on("wheel", (event) => this.#wheel(event));
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    on("pointerleave", () => this.wishes.over(null, 0));
  }

  #x(event: { readonly clientX: number }): number {
    return event.clientX - this.host.getBoundingClientRect().left;
  }

  #key(event: KeyboardEvent): void {
    if (this.#scene === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const { view, at } = this.#scene;
    const wished = keyWish(event.key, event.shiftKey, view, at);
    if (wished === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.#spokenAt = -Infinity;
    this.#isZoomed = wished.view !== undefined;
    if (wished.view !== undefined) this.wishes.view(wished.view);
    if (wished.at !== undefined) {
      if (wished.at < view.from || wished.at > view.to) this.wishes.view(centred(view, wished.at));
      this.wishes.seek(wished.at, true);
    }
  }

  #wheel(event: WheelEvent): void {
    if (this.#scene === null) return;
    event.preventDefault();
    const { view } = this.#scene;
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = (event.deltaX === 0 ? event.deltaY : event.deltaX) * pixels;
      this.wishes.view(moved(view, (by / this.#width) * lengthOf(view)));
      return;
    }
    const at = timeAt(view, this.#x(event), this.#width);
    this.wishes.view(zoomedTo(view, lengthOf(view) * Math.exp(event.deltaY * pixels * (event.ctrlKey ? 0.01 : 0.002)), at));
  }

  #down(event: PointerEvent): void {
    if (this.#scene === null || event.button > 1) return;
    this.host.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, this.#x(event));
    if (this.#fingers.size === 2) {
      this.#drag = null;
      this.#pinch = { length: lengthOf(this.#scene.view), gap: this.#gap() };
      return;
    }
    const top = event.clientY - this.host.getBoundingClientRect().top;
    const isSeek = top >= HEAD - 16 && event.button === 0 && !event.shiftKey;
    this.#drag = { from: this.#x(event), view: this.#scene.view, hasMoved: false, isSeek };
    if (isSeek) this.wishes.seek(timeAt(this.#scene.view, this.#x(event), this.#width), false);
  }

  #move(event: PointerEvent): void {
    if (this.#scene === null) return;
    const { view } = this.#scene;
    const x = this.#x(event);
    this.wishes.over(timeAt(view, x, this.#width), x);
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, x);
    if (this.#pinch !== null && this.#fingers.size === 2) {
      const middle = [...this.#fingers.values()].reduce((sum, each) => sum + each, 0) / 2;
      const length = (this.#pinch.length * this.#pinch.gap) / Math.max(1, this.#gap());
      this.wishes.view(zoomedTo(view, length, timeAt(view, middle, this.#width)));
    } else if (this.#drag !== null) {
      this.#dragged(this.#drag, x);
    }
  }

  /** On the rows the hand leads the playhead; on the scale, or with the middle button, it moves the view. */
  #dragged(drag: Drag, x: number): void {
    if (Math.abs(x - drag.from) >= DRAG_PX) drag.hasMoved = true;
    if (!drag.hasMoved) return;
    if (drag.isSeek) this.wishes.seek(timeAt(drag.view, x, this.#width), false);
    else this.wishes.view(moved(drag.view, ((drag.from - x) / this.#width) * lengthOf(drag.view)));
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    const drag = this.#drag;
    this.#drag = null;
    if (this.#fingers.size < 2) this.#pinch = null;
    if (drag === null || this.#scene === null) return;
    if (drag.isSeek || !drag.hasMoved) this.wishes.seek(timeAt(this.#scene.view, this.#x(event), this.#width), true);
  }

  #gap(): number {
    const [one = 0, two = 0] = [...this.#fingers.values()];
    return Math.abs(one - two);
  }
}

/** What a key on the slider asks for. */
export function keyWish(key: string, isShift: boolean, view: View, at: number): { at?: number; view?: View } | null {
  const { arrow, page } = stepOf(view);
  const times: Readonly<Record<string, number>> = {
    ArrowRight: at + (isShift ? page : arrow),
    ArrowUp: at + (isShift ? page : arrow),
    ArrowLeft: at - (isShift ? page : arrow),
    ArrowDown: at - (isShift ? page : arrow),
    PageUp: at + page,
    PageDown: at - page,
    Home: view.from,
    End: view.to,
  };
  if (key in times) return { at: times[key] ?? at };
  if (key === "+" || key === "=") return { view: zoomedBy(view, true, at) };
  if (key === "-" || key === "_") return { view: zoomedBy(view, false, at) };
  return null;
}

function inkOf(host: HTMLElement): Ink {
  const style = getComputedStyle(host);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: read("paper"),
    raised: read("raised"),
    ink: read("ink"),
    quiet: read("quiet"),
    line: read("line"),
    fine: read("fine"),
    warning: read("warning"),
    warningPaper: read("warning-paper"),
    primary: read("primary"),
    info: read("info"),
  };
}
