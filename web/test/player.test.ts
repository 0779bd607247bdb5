// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ServerClock } from "../src/core/player/clock";
import { codecName } from "../src/core/player/codecs";
import { Freshness, STALE_MS } from "../src/core/player/fresh";
import { Jitter, Pace, type Ranges } from "../src/core/player/pace";
import type { Picture } from "../src/core/player/picture";
import { LivePlayer, type SocketLike } from "../src/core/player/player";
import { parseBinary, parseSaid } from "../src/core/player/wire";

const FAKED = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] as const;
const MIME = 'video/mp4; codecs="avc1.64001f"';
const BEGAN = 1_780_000_000_000;

beforeEach(() => vi.useFakeTimers({ toFake: [...FAKED], now: BEGAN }));
afterEach(() => vi.useRealTimers());

function message(kind: number, flags: number, sequence: number, utc: number, media: number): ArrayBuffer {
  const data = new ArrayBuffer(32);
  const view = new DataView(data);
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint32(4, sequence);
  view.setBigUint64(8, BigInt(utc));
  view.setBigUint64(16, BigInt(media));
  return data;
}

/** A time line that plays by itself, as a video element does; each frame lasts 40 ms, and is shown when it is due. */
class FakePicture implements Picture {
  onShown: (time: number) => void = () => undefined;
  onAppended: () => void = () => undefined;
  onStalled: () => void = () => undefined;
  onFailed: (why: string) => void = () => undefined;
  at = 0;
  begun: string[] = [];
  jumps: number[] = [];
  rates: number[] = [];
  isCleared = false;
  isHeld = false;
  canPlay = true;
  counts = { made: 0, dropped: 0 };
  #ends: number[] = [];
  #from = 0;
  #rate = 1;
  #shown = -1;
  media: () => number = () => 0;

  begin(mime: string): boolean {
    this.begun.push(mime);
    this.isCleared = false;
    return this.canPlay;
  }
  append(data: Uint8Array, offset: number): void {
    const media = Number(new DataView(data.buffer).getBigUint64(16)) / 90_000;
    this.#ends.push(media + offset);
    queueMicrotask(() => this.onAppended());
  }
  get ranges(): Ranges {
    const last = this.#ends.at(-1);
    return last === undefined ? [] : [[this.#from, last + 0.04]];
  }
  jump(to: number): void {
    this.jumps.push(to);
    this.at = to;
    this.#show();
  }
  rate(value: number): void {
    this.rates.push(value);
    this.#rate = value;
  }
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }
  clear(): void {
    this.isCleared = true;
    this.#ends = [];
    this.#shown = -1;
    this.at = 0;
  }
  pass(ms: number): void {
    const to = this.ranges.at(-1)?.[1];
    if (to === undefined || this.isHeld) return;
    this.at = Math.min(to, this.at + (ms / 1000) * this.#rate);
    this.#show();
  }
  #show(): void {
    const due = this.#ends.filter((start) => start <= this.at + 0.0005).at(-1);
    if (due === undefined || due === this.#shown) return;
    this.#shown = due;
    this.onShown(due);
  }
}

class FakeSocket implements SocketLike {
  binaryType = "";
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  sent: string[] = [];
  isClosed = false;

  constructor(readonly address: string) {}
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.isClosed = true;
  }
  say(said: object): void {
    this.onmessage?.({ data: JSON.stringify(said) } as MessageEvent);
  }
  give(data: ArrayBuffer): void {
    this.onmessage?.({ data } as MessageEvent);
  }
  init(mime = MIME, stream = "sub"): void {
    this.say({ type: "init", mime, width: 640, height: 360, stream });
    this.give(message(0, 0, 0, 0, 0));
  }
  end(code: number): void {
    this.onclose?.({ code, reason: code === 4415 ? "h265" : "" } as CloseEvent);
  }
}

/** A player with a camera that gives 25 frames a second, each `behind` ms old when it comes. */
class Tile {
  readonly picture = new FakePicture();
  readonly clock = new ServerClock(() => Date.now());
  readonly sockets: FakeSocket[] = [];
  readonly asked: (readonly [string, boolean])[] = [];
  readonly alive: number[] = [];
  refusal: string | null = null;
  isRefused = false;
  behind = 20;
  sequence = 0;
  media = 90_000 * 1000;
  readonly player: LivePlayer;

  constructor(stream = "sub") {
    this.clock.sample(0, BEGAN - Date.now(), 0);
    this.player = new LivePlayer(
      {
        picture: this.picture,
        clock: this.clock,
        address: (asked, isAnew) => {
          this.asked.push([asked, isAnew]);
          return this.isRefused ? Promise.reject(new Error("no")) : Promise.resolve(`ws://here/${asked}`);
        },
        refusal: () => this.refusal,
        open: (address) => {
          const socket = new FakeSocket(address);
          this.sockets.push(socket);
          return socket;
        },
      },
      stream,
    );
    this.player.onAlive = (limit) => this.alive.push(limit);
  }
  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("no socket");
    return last;
  }
  get state() {
    return this.player.state.get();
  }
  async begin(): Promise<void> {
    this.player.start();
    await vi.advanceTimersByTimeAsync(1);
    this.socket.init();
    this.frame(1);
    await this.run(400);
  }
  frame(flags = 0, step = 3600): void {
    this.sequence += 1;
    this.media += step;
    this.socket.give(message(1, flags, this.sequence, Date.now() - this.behind, this.media));
  }
  /** Time passes in steps of 40 ms, and frames come, or not. */
  async run(ms: number, hasFrames = true, flags = 0): Promise<void> {
    for (let passed = 0; passed < ms; passed += 40) {
      await vi.advanceTimersByTimeAsync(40);
      this.picture.pass(40);
      if (hasFrames) this.frame(flags);
      await vi.advanceTimersByTimeAsync(0);
    }
  }
}

describe("a message", () => {
  it("is taken apart as the format says", () => {
    const found = parseBinary(message(1, 5, 7, BEGAN, 180_000));
    expect(found).toMatchObject({ kind: "frame", isKey: true, isCatchingUp: false, isDiscontinuity: true, sequence: 7, utc: BEGAN, media: 2 });
    expect(found?.data.byteLength).toBe(8);
    expect(parseSaid('{"type":"state","state":"lost","why":"net","at":1}')).toEqual({ type: "state", state: "lost", why: "net" });
  });

  it("that is none of ours is nothing, and never an error", () => {
    for (const text of ["", "{", "null", "3", "{}", '{"type":"later"}', '{"type":"init"}']) expect(parseSaid(text), text).toBeNull();
    for (const size of [0, 1, 23, 24]) expect(parseBinary(new Uint8Array(size).fill(1).buffer), String(size)).toBeNull();
    expect(parseBinary(message(9, 0, 0, 0, 0))).toBeNull();
  });
});

describe("the buffer", () => {
  it("aims at 75 ms where frames come evenly, and at what jitter takes where they do not", () => {
    const even = new Jitter();
    const uneven = new Jitter();
    for (let at = 0; at < 100; at += 1) {
      even.add(at * 0.04, at * 0.04);
      uneven.add(at * 0.04 + (at % 2) * 0.1, at * 0.04);
    }
    expect(even.target(0)).toBeCloseTo(0.075, 3);
    expect(uneven.target(0)).toBeCloseTo(0.195, 3);
  });

  it("grows with each stall, to a bound, and forgives it after a while", () => {
    const jitter = new Jitter();
    for (let at = 0; at < 20; at += 1) jitter.stalled(at);
    expect(jitter.target(20)).toBeCloseTo(0.375, 3);
    for (let at = 0; at < 10; at += 1) jitter.target(60 + 31 * at);
    expect(jitter.target(1000)).toBeCloseTo(0.075, 3);
  });

  it("is brought back by speed if it is a little off, and by a jump if it is far off", () => {
    const pace = new Pace();
    for (let at = 0; at < 5; at += 1) pace.lead(0.2);
    expect(pace.next(0, [[0, 0.24]], 0.06)).toEqual({ rate: expect.closeTo(1.14) as number, jump: null });
    expect(pace.next(0, [[0, 4]], 0.06)).toEqual({ rate: 1, jump: expect.closeTo(3.94) as number });
    for (let at = 0; at < 5; at += 1) pace.lead(0.01);
    expect(pace.next(0, [[0, 0.05]], 0.06).rate).toBeLessThan(1);
    expect(pace.next(1, [[0, 1], [3, 3.5]], 0.06).jump).toBeCloseTo(3.44); // over a hole
  });

  it("hurries to the end once it hurries, and does not begin for a trifle", () => {
    const pace = new Pace();
    const leads = (seconds: number) => {
      for (let at = 0; at < 25; at += 1) pace.lead(seconds);
      return pace.next(0, [[0, seconds]], 0.06).rate;
    };
    expect([leads(0.075), leads(0.09), leads(0.075), leads(0.064), leads(0.075)].map((rate) => rate > 1)).toEqual([false, true, true, false, false]);
  });

  it("is as short after a group that was sent again as if nothing had waited: no way is slow for what a jump costs", async () => {
    const tile = new Tile();
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    tile.socket.init();
    for (let at = 0; at < 90; at += 1) {
      tile.frame(at === 0 ? 3 : 2);
      await vi.advanceTimersByTimeAsync(1);
      tile.picture.pass(1);
      if (at % 15 === 14) tile.picture.onStalled();
    }
    await tile.run(80);
    tile.picture.onStalled();
    const ends = tile.picture.jumps.at(-1) ?? 0;
    await tile.run(4000);
    const [[, end] = [0, 0]] = tile.picture.ranges;
    expect(tile.picture.jumps.at(-1)).toBe(ends);
    expect(end - tile.picture.at).toBeLessThan(0.14);
    tile.picture.onStalled(); // now it does count
    await tile.run(4000);
    const [[, later] = [0, 0]] = tile.picture.ranges;
    expect(later - tile.picture.at).toBeGreaterThan(0.14);
  });
});

describe("freshness", () => {
  it("is by what was shown: two seconds, or five of a slow camera's intervals", () => {
    const fresh = new Freshness();
    expect(fresh.judge(0, null)).toBe("none");
    fresh.shown(0, null);
    expect(fresh.judge(STALE_MS - 1, null)).toBe("live");
    expect(fresh.judge(STALE_MS, null)).toBe("stale");
    for (let at = 0; at < 5; at += 1) fresh.interval(1000);
    expect(fresh.judge(4999, null)).toBe("live");
    expect(fresh.judge(5000, null)).toBe("stale");
  });

  it("does not call frames live that move and are old", () => {
    const fresh = new Freshness();
    fresh.shown(1000, BEGAN - 9000);
    expect(fresh.judge(1000, BEGAN)).toBe("late");
    expect(fresh.age(1000, BEGAN)).toBe(9000);
  });

  it("never makes a picture younger than it stands still, whatever clocks say", () => {
    const fresh = new Freshness();
    fresh.shown(0, BEGAN + 60_000);
    expect(fresh.age(1200, BEGAN)).toBe(1200);
  });
});

describe("the server's clock", () => {
  it("is taken from the answer with the shortest way, before that from frames", () => {
    const clock = new ServerClock(() => 1000);
    expect(clock.now()).toBeNull();
    clock.atLeast(4000);
    clock.atLeast(3900);
    expect(clock.now()).toBe(4000);
    clock.sample(0, 5000, 400);
    clock.sample(500, 5600, 520);
    expect(clock.now()).toBe(1000 + 5600 - 510);
    expect(clock.uncertainty).toBe(10);
  });
});

describe("the player", () => {
  it("shows what comes, live and with its age", async () => {
    const tile = new Tile();
    await tile.begin();
    await tile.run(3000);
    expect(tile.state).toMatchObject({ phase: "live", hasPicture: true, stream: "sub", width: 640, isSlow: false });
    expect(tile.state.ageMs).toBeLessThan(300);
    expect(tile.alive.length).toBeGreaterThan(8);
    expect(tile.alive.length).toBeLessThan(15);
    expect(new Set(tile.alive)).toEqual(new Set([STALE_MS]));
    const lead = (tile.picture.ranges.at(-1)?.[1] ?? 0) - tile.picture.at;
    expect(lead).toBeGreaterThan(0.04);
    expect(lead).toBeLessThan(0.25);
  });

  it("shows the newest frame of the running GOP at once, and goes on from there", async () => {
    const tile = new Tile();
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    tile.socket.init();
    tile.frame(3);
    for (let at = 0; at < 90; at += 1) tile.frame(2);
    await vi.advanceTimersByTimeAsync(20);
    expect(tile.picture.at).toBeCloseTo(90 * 0.04 + 0.04, 1);
    expect(tile.state.phase).toBe("live");
    await tile.run(2000);
    const lead = (tile.picture.ranges.at(-1)?.[1] ?? 0) - tile.picture.at;
    expect(lead).toBeLessThan(0.25);
  });

  it("says within two seconds that a picture stands still, counts its age, and is live again by a new frame alone", async () => {
    const tile = new Tile();
    await tile.begin();
    await tile.run(2000);
    let stale: number | null = null;
    for (let passed = 0; passed < 4000; passed += 40) {
      await tile.run(40, false);
      if (stale === null && tile.state.phase === "stale") stale = passed;
    }
    expect(stale).not.toBeNull();
    expect(stale).toBeLessThan(2000);
    expect(tile.state.ageMs).toBeGreaterThan(2500);
    tile.socket.say({ type: "state", state: "lost", why: "net" });
    expect(tile.state).toMatchObject({ phase: "stale", camera: "lost", why: "net", hasPicture: true });
    tile.socket.say({ type: "state", state: "recording" }); // a word is no picture
    expect(tile.state).toMatchObject({ phase: "stale", camera: null });
    await tile.run(200, true, 4);
    expect(tile.state.phase).toBe("live");
  });

  it("is stale though frames come, where none is shown", async () => {
    const tile = new Tile();
    await tile.begin();
    for (let passed = 0; passed < 2000; passed += 40) {
      await vi.advanceTimersByTimeAsync(40);
      tile.picture.onShown(tile.picture.at - 1e9); // another time each, once
      tile.picture.onShown = () => undefined; // the decoder hangs
      tile.frame();
    }
    expect(tile.state.phase).toBe("stale");
  });

  it("says that frames are old, though they move", async () => {
    const tile = new Tile();
    tile.behind = 6000;
    await tile.begin();
    await tile.run(1000);
    expect(tile.state.phase).toBe("late");
    expect(tile.state.ageMs).toBeGreaterThan(5900);
  });

  it("catches up after a pause of the way here, without showing everything that was missed", async () => {
    const tile = new Tile();
    await tile.begin();
    await tile.run(1000);
    await tile.run(1000, false);
    for (let at = 0; at < 25; at += 1) tile.frame();
    await tile.run(9000); // such a way is given more time for a while
    expect((tile.picture.ranges.at(-1)?.[1] ?? 0) - tile.picture.at).toBeLessThan(0.3);
    expect(tile.state.phase).toBe("live");
  });

  it("puts frames right behind each other where media time jumps", async () => {
    const tile = new Tile();
    await tile.begin();
    const end = tile.picture.ranges.at(-1)?.[1] ?? 0;
    tile.frame(5, 90_000 * 3600);
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.picture.ranges.at(-1)?.[1]).toBeCloseTo(end + 0.04, 3);
    tile.media -= 90_000 * 1800; // and back, without saying so
    tile.frame(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.picture.ranges.at(-1)?.[1]).toBeCloseTo(end + 0.08, 3);
  });

  it("waits for a key frame after each init", async () => {
    const tile = new Tile();
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    tile.socket.init();
    tile.frame(0);
    expect(tile.picture.ranges).toEqual([]);
    tile.frame(1);
    expect(tile.picture.ranges).toHaveLength(1);
  });

  it("comes back after pauses that grow, keeps the old picture and says that it is old", async () => {
    const tile = new Tile();
    await tile.begin();
    const waited: number[] = [];
    for (let at = 0; at < 8; at += 1) {
      const before = tile.sockets.length;
      tile.socket.end(1006);
      expect(tile.state).toMatchObject({ phase: "waiting", hasPicture: true });
      const since = Date.now();
      while (tile.sockets.length === before) await vi.advanceTimersByTimeAsync(50);
      waited.push(Date.now() - since);
    }
    expect(waited[0]).toBeLessThan(700);
    expect(waited[3]).toBeGreaterThan(3000);
    expect(Math.max(...waited)).toBeLessThan(18_500);
    tile.socket.init();
    tile.frame(1);
    await tile.run(15_000);
    expect(tile.state.phase).toBe("live");
    tile.socket.end(4503);
    await vi.advanceTimersByTimeAsync(700);
    expect(tile.asked.at(-1)).toEqual(["sub", true]); // its facts have ended: another look
    expect(tile.sockets.at(-1)?.isClosed).toBe(false);
    expect(tile.state.phase).toBe("connecting");
  });

  it("does not trust a way on which nothing comes", async () => {
    const tile = new Tile();
    await tile.begin();
    const first = tile.socket;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(first.isClosed).toBe(true);
    expect(tile.sockets.length).toBeGreaterThan(1);
  });

  it("asks once for another look where the first is over, and says it where it gets none", async () => {
    const tile = new Tile();
    await tile.begin();
    tile.socket.end(4403);
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.asked).toEqual([["sub", false], ["sub", true]]);
    tile.socket.end(4403);
    expect(tile.state).toMatchObject({ phase: "refused", why: "FORBIDDEN" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tile.asked).toHaveLength(2);
  });

  it.each([[4401, "SESSION_NONE"], [4404, "NOT_FOUND"], [4409, "CLOSED"], [4429, "TOO_MANY"]])("does not come back by itself after %d", async (code, why) => {
    const tile = new Tile();
    await tile.begin();
    tile.socket.end(code);
    expect(tile.state).toMatchObject({ phase: "refused", why });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tile.sockets).toHaveLength(1);
    tile.player.retry();
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.sockets).toHaveLength(2);
  });

  it("says what the server refused, and tries again where it did not answer", async () => {
    const tile = new Tile();
    tile.isRefused = true;
    tile.refusal = "SHIFT_REQUIRED";
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.state).toMatchObject({ phase: "refused", why: "SHIFT_REQUIRED" });
    tile.refusal = "LEDGER_AWAY";
    tile.player.retry();
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.state).toMatchObject({ phase: "waiting", why: "LEDGER_AWAY" });
    tile.isRefused = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(tile.sockets).toHaveLength(1);
  });

  it("says which codec it cannot play, once neither stream can be played", async () => {
    const tile = new Tile();
    tile.picture.canPlay = false;
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    tile.socket.init('video/mp4; codecs="hvc1.1.6.L93.B0"');
    expect(tile.socket.isClosed).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.sockets.map(({ address }) => address)).toEqual(["ws://here/sub", "ws://here/main"]);
    tile.socket.end(4415);
    expect(tile.state).toMatchObject({ phase: "unplayable", codec: "H.265", fellBackFrom: null });
    expect(codecName("avc1.64001f")).toBe("H.264");
    tile.player.show("main");
    await vi.advanceTimersByTimeAsync(1);
    tile.socket.end(4415);
    expect(tile.state).toMatchObject({ phase: "unplayable", codec: "H.265" });
    expect(tile.sockets).toHaveLength(3);
  });

  it("plays what cannot be played a while later, when the camera may have been set to another codec", async () => {
    const tile = new Tile();
    tile.player.start();
    for (const asked of ["sub", "main"]) {
      await vi.advanceTimersByTimeAsync(1);
      expect(tile.asked.at(-1)?.[0]).toBe(asked);
      tile.socket.end(4415);
    }
    await tile.run(60_080, false);
    expect(tile.sockets).toHaveLength(3);
    tile.socket.init();
    tile.frame(1);
    await tile.run(400);
    expect(tile.state).toMatchObject({ phase: "live", codec: null, fellBackFrom: null });
  });

  it.each([
    ["main", "sub"],
    ["sub", "main"],
  ])("shows the other stream where %s cannot be played, and says so", async (wanted, other) => {
    const tile = new Tile(wanted);
    await tile.begin();
    tile.socket.end(4415); // it was set to another codec meanwhile
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.asked.at(-1)).toEqual([other, false]);
    tile.socket.init(MIME, other);
    tile.frame(1);
    await tile.run(400);
    expect(tile.state).toMatchObject({ phase: "live", stream: other, fellBackFrom: "H.265" });
    tile.player.show(other);
    tile.player.show(wanted);
    expect(tile.socket.sent).toEqual([]); // it is known for a minute
    await tile.run(60_080);
    tile.player.show(other);
    tile.player.show(wanted);
    expect(tile.socket.sent).toEqual([JSON.stringify({ type: "stream", stream: wanted })]);
    expect(tile.state.fellBackFrom).toBeNull();
  });

  it("gives up a codec that a browser says it plays, and does not", async () => {
    const tile = new Tile("main");
    tile.player.start();
    for (let tried = 0; tried < 3; tried += 1) {
      await tile.run(3000, false);
      tile.socket.init('video/mp4; codecs="hvc1.1.6.L93.B0"', "main");
      tile.frame(1);
      tile.picture.clear();
      tile.picture.onFailed("no decoder");
    }
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.asked.map(([stream]) => stream)).toEqual(["main", "main", "main", "sub"]);
  });

  it("changes the stream on the same socket", async () => {
    const tile = new Tile();
    await tile.begin();
    tile.player.show("main");
    expect(tile.socket.sent).toEqual(['{"type":"stream","stream":"main"}']);
    tile.socket.init(MIME, "main");
    tile.frame(1);
    await tile.run(400);
    expect(tile.sockets).toHaveLength(1);
    expect(tile.state).toMatchObject({ phase: "live", stream: "main" });
  });

  it("has nothing on the screen once it is stopped, and comes back", async () => {
    const tile = new Tile();
    await tile.begin();
    tile.player.stop();
    expect(tile.picture.isCleared).toBe(true);
    expect(tile.socket.isClosed).toBe(true);
    expect(tile.state).toMatchObject({ phase: "off", hasPicture: false, ageMs: null });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tile.sockets).toHaveLength(1);
    await tile.begin();
    expect(tile.state.phase).toBe("live");
  });

  it("keeps its last picture while nobody can see it, and takes nothing", async () => {
    const tile = new Tile();
    await tile.begin();
    tile.player.pause();
    expect(tile.state).toMatchObject({ phase: "paused", hasPicture: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tile.sockets).toHaveLength(1);
    tile.player.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(tile.sockets).toHaveLength(2);
  });

  it("takes key frames alone where pictures stand, each as soon as it is there", async () => {
    const tile = new Tile();
    tile.player.move("stills");
    await tile.begin();
    for (let second = 0; second < 6; second += 1) {
      tile.frame(1);
      await tile.run(960);
    }
    expect(tile.picture.isHeld).toBe(true);
    expect(tile.picture.jumps.length).toBe(7);
    expect(tile.state.phase).toBe("live");
    await tile.run(7000, false);
    expect(tile.state.phase).toBe("stale");
  });

  it("tells of a station that cannot keep up, and of frames that were left out for it", async () => {
    const tile = new Tile();
    await tile.begin();
    tile.socket.say({ type: "dropped", frames: 12 });
    await tile.run(6000);
    tile.picture.counts = { made: 400, dropped: 300 };
    await tile.run(6000);
    expect(tile.state).toMatchObject({ isSlow: true, skipped: 12 });
  });
});
