// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Deck, type Reach } from "../src/core/playback/deck";
import { HlsSource } from "../src/core/playback/source";
import { Tile } from "../src/core/playback/tile";

const T = Date.parse("2026-11-24T12:00:00Z");
const LENGTH = 600; // seconds of each playlist
const FRAME = 0.04;

/** Stands in for hls.js: a playlist comes, or does not, as the test says. */
class FakeHls {
  static made: FakeHls[] = [];
  readonly config = { maxBufferLength: 10 };
  url = "";
  isOver = false;
  readonly #heard = new Map<string, (event: string, data: unknown) => void>();

  constructor() {
    FakeHls.made.push(this);
  }

  static get last(): FakeHls {
    return FakeHls.made.at(-1) ?? new FakeHls();
  }

  on(event: string, heard: (event: string, data: unknown) => void): void {
    this.#heard.set(event, heard);
  }
  loadSource(url: string): void {
    this.url = url;
  }
  come(): void {
    const fragments = Array.from({ length: LENGTH / 10 }, (_, at) => ({ start: at * 10, duration: 10, programDateTime: T + at * 10_000, tagList: [] }));
    this.#heard.get("LEVEL_LOADED")?.("", { details: { fragments } });
  }
  fail(code?: number): void {
    this.#heard.get("ERROR")?.("", { fatal: true, type: "networkError", response: code === undefined ? undefined : { code } });
  }
  destroy(): void {
    this.isOver = true;
  }
  attachMedia(): void {}
  startLoad(): void {}
}

vi.mock("hls.js/light", () => ({
  default: FakeHls,
  Events: { LEVEL_LOADED: "LEVEL_LOADED", ERROR: "ERROR" },
  ErrorTypes: { MEDIA_ERROR: "mediaError", NETWORK_ERROR: "networkError" },
}));

/** A video element that has everything, seeks in 20 ms and shows 25 frames a second, unless it `comes` no more or `isFrozen`. */
class FakeVideo extends EventTarget {
  muted = false;
  paused = true;
  seeking = false;
  readyState = 4;
  videoWidth = 320;
  videoHeight = 240;
  playbackRate = 1;
  comes = true;
  isFrozen = false;
  shown = 0;
  readonly buffered = { length: 1, start: () => 0, end: () => LENGTH / 2 - 1 };
  #at = 0;
  #since = 0;
  #wanted: ReturnType<typeof setTimeout> | undefined;
  #waiting: ((now: number, told: { readonly mediaTime: number }) => void)[] = [];

  constructor() {
    super();
    setInterval(() => {
      if (!this.seeking && !this.paused) this.#show();
    }, 10);
  }

  get currentTime(): number {
    return this.paused || this.seeking ? this.#at : this.#at + ((performance.now() - this.#since) / 1000) * this.playbackRate;
  }
  set currentTime(at: number) {
    this.#at = at;
    this.#since = performance.now();
    this.seeking = true;
    clearTimeout(this.#wanted);
    this.#wanted = setTimeout(() => this.arrive(), 20);
  }
  arrive(): void {
    if (!this.comes || !this.seeking) return;
    this.seeking = false;
    this.#since = performance.now();
    this.#show();
    this.dispatchEvent(new Event("seeked"));
  }
  play(): Promise<void> {
    this.#since = performance.now();
    this.paused = false;
    return Promise.resolve();
  }
  pause(): void {
    this.#at = this.currentTime;
    this.paused = true;
  }
  requestVideoFrameCallback(shown: (now: number, told: { readonly mediaTime: number }) => void): void {
    this.#waiting.push(shown);
  }

  #show(): void {
    if (this.isFrozen) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.shown = Math.floor(this.currentTime / FRAME + 1e-6) * FRAME;
    for (const each of waiting) each(performance.now(), { mediaTime: this.shown });
  }
}

/** Counts what is drawn on it. */
class FakeCanvas {
  width = 0;
  height = 0;
  drawn = 0;
  seen = NaN; // when what is drawn was shown, on its player's clock

  getContext() {
    const drawImage = (video: FakeVideo) => {
      this.drawn += 1;
      this.seen = video.shown;
    };
    return { drawImage, clearRect: () => undefined };
  }
  getBoundingClientRect() {
    return { width: 320, height: 240 };
  }
}

const asVideo = (video: FakeVideo) => video as unknown as HTMLVideoElement;

const camera = () => ({ video: new FakeVideo(), canvas: new FakeCanvas() });

/** These cameras, "0" and on, on a deck that stands a minute after T, once all have their first picture. */
async function deckOf(cameras: readonly ReturnType<typeof camera>[]): Promise<Deck> {
  const deck = new Deck(T + 60_000);
  const reach: Reach = {
    key: "k",
    streams: {},
    playlist: (each, _from, _to, at) => `/${each}?at=${String(at)}`,
    frames: () => Promise.reject(new Error("not asked for")),
    span: { from: T, to: T + LENGTH * 1000 },
  };
  cameras.forEach(({ video, canvas }, at) => deck.attach(String(at), asVideo(video), canvas as unknown as HTMLCanvasElement));
  deck.open(reach);
  deck.begin();
  await vi.dynamicImportSettled();
  for (const hls of FakeHls.made) hls.come();
  await vi.advanceTimersByTimeAsync(500);
  return deck;
}

/** Of each camera whether its picture is said to be none of this moment; undefined: no picture is shown. */
function late(deck: Deck): readonly (boolean | undefined)[] {
  return Object.values(deck.state.get().tiles).map((shown) => (shown.kind === "picture" ? shown.isLate : undefined));
}

beforeEach(() => {
  FakeHls.made = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe("a playlist that does not come", () => {
  async function sought() {
    const source = new HlsSource(asVideo(new FakeVideo()), () => undefined);
    void source.load("/one", T);
    await vi.dynamicImportSettled();
    FakeHls.last.come();
    void source.load("/two", T + 300_000, true);
    await vi.dynamicImportSettled();
    return source;
  }

  it("is asked for again after a seek, and what is known of the stretch holds meanwhile", async () => {
    const source = await sought();
    for (const code of [undefined, 502, 429]) {
      FakeHls.last.fail(code);
      expect(source.loaded.state).toBe("loading");
      expect(source.map.place(T + 300_000).kind).toBe("picture");
      const before = FakeHls.made.length;
      await vi.advanceTimersByTimeAsync(2000);
      await vi.dynamicImportSettled();
      expect(FakeHls.made.length).toBe(before + 1);
      expect(FakeHls.last.url).toBe("/two");
    }
    FakeHls.last.come();
    expect(source.loaded.state).toBe("ready");
    expect(FakeHls.made.filter(({ isOver }) => !isOver).length).toBe(1);
  });

  it("is not asked for for ever where it is refused, nor where nothing is known", async () => {
    const source = await sought();
    FakeHls.last.fail(403);
    expect(source.loaded).toEqual({ state: "failed", status: 403 });
    void source.load("/three", T);
    await vi.dynamicImportSettled();
    FakeHls.last.fail();
    expect(source.loaded).toEqual({ state: "failed", status: null });
  });
});

describe("a tile whose playlist is loaded anew", () => {
  async function sought() {
    const tile = new Tile("0", asVideo(new FakeVideo()), {} as HTMLCanvasElement, () => undefined);
    tile.load("/one", T);
    await vi.dynamicImportSettled();
    FakeHls.last.come();
    tile.goTo(T + (LENGTH / 2) * 1000, "/two");
    await vi.dynamicImportSettled();
    FakeHls.last.come();
    return tile;
  }

  it("says that it loads, and not that nothing was recorded, also after a seek", async () => {
    for (const lead of [(tile: Tile) => tile.run(T, 1), (tile: Tile) => tile.stand(T)]) {
      const tile = await sought();
      tile.source.isFinished = true; // the last pictures before a gap were wanted
      lead(tile);
      expect(tile.shown).toEqual({ kind: "loading" });
      expect(tile.hasPicture).toBe(false);
    }
  });
});

describe("leaping with a camera that does not come", () => {
  it("waits for it once, and goes on with the others until it is there", async () => {
    const [one, other] = [camera(), camera()];
    const deck = await deckOf([one, other]);
    deck.shuttle(-1);
    await vi.advanceTimersByTimeAsync(2000);
    other.video.comes = false;
    await vi.advanceTimersByTimeAsync(10_000);
    const [drawn, before] = [one.canvas.drawn, other.canvas.drawn];
    const at = deck.at;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(at - deck.at).toBeGreaterThan(19_000);
    expect(one.canvas.drawn - drawn).toBeGreaterThan(200);
    expect(late(deck)).toEqual([false, true]);
    expect(deck.state.get().waiting).toEqual([]);
    other.video.comes = true;
    other.video.arrive();
    await vi.advanceTimersByTimeAsync(2000);
    expect(other.canvas.drawn - before).toBeGreaterThan(20);
    expect(late(deck)).toEqual([false, false]);
    deck.end();
  });
});

describe("who comes to a leap when nobody waits any more", () => {
  it("is said to be late until it is drawn with the others", async () => {
    const [one, other] = [camera(), camera()];
    const deck = await deckOf([one, other]);
    other.video.comes = false;
    deck.shuttle(-1);
    let spread = 0;
    for (let ms = 0; ms < 12_000; ms += 10) {
      if (ms === 8100) other.video.comes = true;
      if (ms >= 8100) other.video.arrive();
      await vi.advanceTimersByTimeAsync(10);
      if (late(deck).every((each) => each === false)) spread = Math.max(spread, Math.abs(one.canvas.seen - other.canvas.seen));
    }
    expect(late(deck)).toEqual([false, false]);
    expect(spread).toBeLessThan(1.5 * FRAME);
    deck.end();
  });
});

describe("a decoder that stops while its video runs", () => {
  it("leaves no old picture without a word under a clock that goes on", async () => {
    const alone = camera();
    const deck = await deckOf([alone]);
    deck.play(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(late(deck)).toEqual([false]);
    alone.video.isFrozen = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(late(deck)).toEqual([true]);
    alone.video.isFrozen = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(late(deck)).toEqual([false]);
    deck.end();
  });

  it("says of all that they are late while they wait for it, and goes on with it", async () => {
    const [one, other] = [camera(), camera()];
    const deck = await deckOf([one, other]);
    deck.play(4);
    await vi.advanceTimersByTimeAsync(3000);
    expect(late(deck)).toEqual([false, false]);
    other.video.isFrozen = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(late(deck)).toEqual([true, true]);
    other.video.isFrozen = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(late(deck)).toEqual([false, false]);
    const { drawn } = one.canvas;
    await vi.advanceTimersByTimeAsync(1000);
    expect(one.canvas.drawn - drawn).toBeGreaterThan(10);
    deck.end();
  });
});
