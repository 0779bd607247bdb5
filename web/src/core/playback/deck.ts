// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";
import { type FrameTime, type FrameTimes, middleOf } from "./frame-times";
import { type Loop, MasterClock, shuttled } from "./master";
import { Stage } from "./stage";
import { type Shown, Tile } from "./tile";

/** How pictures are reached: the screen knows the look. */
export interface Reach {
  /** Of the look. */
  readonly key: string;
  /** Which of each camera is shown. */
  readonly streams: Readonly<Record<string, string>>;
  /** Address of a playlist of that stretch (UTC ms), which will be played from `at` on. */
  playlist(camera: string, from: number, to: number, at: number): string;
  /** Times of frames around a moment. */
  frames(camera: string, around: number): Promise<FrameTimes>;
  /** What the look allows. */
  readonly span: { readonly from: number; readonly to: number };
}

export interface DeckState {
  readonly isPlaying: boolean;
  readonly rate: number;
  /** It plays, and waits for these. */
  readonly waiting: readonly string[];
  readonly loop: Loop | null;
  readonly tiles: Readonly<Record<string, Shown>>;
}

interface Goal {
  readonly at: number;
  readonly since: number;
}

const WINDOW_MS = 110 * 60_000; // of a playlist; the server gives two hours
const BEFORE_MS = 30 * 60_000;
const TICK_MS = 200; // where the browser draws nothing
const LONGEST_WAIT_MS = 8000;
const RUNNABLE = 4; // faster than that players do not keep together
const PATIENT_MS = 700; // so long a leap may take until the clock waits for it, and who has parted until that is said

/** One clock, and the players that follow it. Framework-free; `state` changes seldom, `time` with every picture. */
export class Deck {
  readonly state = new Store<DeckState>({ isPlaying: false, rate: 1, waiting: [], loop: null, tiles: {} });
  readonly time: Store<number>;
  readonly #clock: MasterClock;
  readonly #tiles = new Map<string, Tile>();
  readonly #stage = new Stage();
  #goal: Goal | null = null; // where all stand, or leap to
  readonly #left = new Map<Tile, Goal>(); // who did not come to a leap: the others go on, until it is where it was left
  #isGathering = false; // players had parted: all stand until they are together
  #timer: ReturnType<typeof setInterval> | undefined;
  #isPlaying = false;
  #waitsSince: number | null = null;
  #window: { readonly from: number; readonly to: number } | null = null;
  #reach: Reach | null = null;
  #frame = 0;
  #step = Promise.resolve();

  constructor(at: number) {
    this.#clock = new MasterClock(at);
    this.time = new Store(at);
  }

  /** From here on it runs, until `end`. */
  begin(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#draw();
  }

  get at(): number {
    return this.#clock.at(performance.now());
  }

  tile(camera: string): Tile | undefined {
    return this.#tiles.get(camera);
  }

  /** A video element shows this camera from now on. */
  attach(camera: string, video: HTMLVideoElement, canvas: HTMLCanvasElement): () => void {
    const tile = new Tile(camera, video, canvas, () => this.#tick());
    this.#tiles.set(camera, tile);
    if (this.#reach !== null && this.#window !== null) this.#loadTile(tile, this.#reach, this.#window);
    this.#tick();
    return () => {
      tile.end();
      if (this.#tiles.get(camera) === tile) this.#tiles.delete(camera);
      this.#tick();
    };
  }

  /** Another look, or another span of it: everything is loaded anew. Else cameras of which another stream is shown. */
  open(reach: Reach): void {
    const before = this.#reach;
    const isSame = before?.key === reach.key && before.span.from === reach.span.from && before.span.to === reach.span.to;
    this.#reach = reach;
    if (!isSame) this.#window = null;
    else for (const tile of this.#tiles.values()) if (before.streams[tile.camera] !== reach.streams[tile.camera]) tile.again(this.at);
    this.#tick();
  }

  /** The look is over: nothing more is shown. */
  close(): void {
    this.pause();
    this.#reach = null;
    this.#window = null;
  }

  /** `isPassing`: a hand that has not let go is on its way to somewhere else. */
  seek(at: number, isPassing = false): void {
    this.#clock.seek(at, performance.now());
    this.#goal = null;
    this.#left.clear();
    for (const tile of this.#tiles.values()) {
      tile.retry(at);
      if (this.#reach !== null && this.#window !== null && !isPassing) tile.goTo(at, this.#address(tile, this.#reach, this.#window));
    }
    this.#tick();
  }

  play(rate = this.#clock.rate): void {
    this.#land(performance.now());
    this.#clock.setRate(rate, performance.now());
    this.#isPlaying = true;
    this.#waitsSince = null;
    this.#tick();
  }

  setRate(rate: number): void {
    this.#land(performance.now());
    this.#clock.setRate(rate, performance.now());
    this.#tick();
  }

  pause(): void {
    const now = performance.now();
    this.#land(now);
    this.#isPlaying = false;
    this.#clock.stand(now);
    this.#tick();
  }

  /** J (-1), L (1). */
  shuttle(direction: 1 | -1): void {
    this.play(shuttled(this.#clock.rate, this.#isPlaying, direction));
  }

  setLoop(loop: Loop | null): void {
    this.#clock.setLoop(loop, performance.now());
    if (loop !== null && (this.at < loop.from || this.at >= loop.to)) this.#clock.seek(loop.from, performance.now());
    this.#tick();
  }

  /** To the frame of this camera that follows or precedes; the others go to the same moment. One after the other. */
  step(camera: string, direction: 1 | -1): Promise<void> {
    this.pause();
    this.#step = this.#step.catch(() => undefined).then(async () => {
      const frame = await this.#beside(camera, direction);
      if (frame !== undefined) this.seek(middleOf(frame));
    });
    return this.#step;
  }

  /** The frame of a camera that stands at the clock; undefined in a gap. */
  async frameNow(camera: string): Promise<FrameTime | undefined> {
    const at = this.at;
    return (await this.#reach?.frames(camera, at))?.at(at);
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#timer);
    for (const tile of this.#tiles.values()) tile.end();
    this.#tiles.clear();
  }

  async #beside(camera: string, direction: 1 | -1): Promise<FrameTime | undefined> {
    const reach = this.#reach;
    if (reach === null) return undefined;
    const at = this.at;
    const found = (await reach.frames(camera, at)).beside(at, direction);
    if (found !== undefined) return found;
    const edge = this.#tiles.get(camera)?.source.map.edge(at, direction); // a gap that is longer than what was asked for
    return edge === undefined ? undefined : (await reach.frames(camera, edge)).at(edge + direction);
  }

  #draw(): void {
    this.#frame = requestAnimationFrame(() => {
      this.#tick();
      this.#draw();
    });
  }

  #tick(): void {
    const now = performance.now();
    this.#loadWindow();
    this.#lead(now);
    this.time.set(this.#isLeaping && this.#goal !== null ? this.#goal.at : this.#clock.at(now));
    this.#tell();
  }

  /** Backwards, and faster than several players keep together: from picture to picture, all to the same moment. */
  get #isLeaping(): boolean {
    const { rate } = this.#clock;
    return this.#isPlaying && (rate < 0 || (rate > RUNNABLE && this.#tiles.size > 1));
  }

  /** The clock is where the pictures are that were leapt to. */
  #land(now: number): void {
    if (this.#isLeaping && this.#goal !== null) this.#clock.seek(this.#goal.at, now);
  }

  /** Every tile to where the clock is, and what belongs together on the screen; the clock waits for who is late. */
  #lead(now: number): void {
    const at = this.#bounded(now);
    if (!this.#isPlaying) this.#stand(at, now);
    else if (this.#isLeaping) this.#leap(at, now);
    else this.#run(at, now);
  }

  #stand(at: number, now: number): void {
    this.#isGathering = false;
    this.#left.clear();
    if (this.#goal?.at !== at) this.#goal = { at, since: now };
    for (const tile of this.#tiles.values()) tile.stand(at);
    this.#stage.stand([...this.#tiles.values()], at, now - this.#goal.since);
  }

  #leap(at: number, now: number): void {
    const goal = (this.#goal ??= { at, since: now });
    const tiles = [...this.#tiles.values()].filter((tile) => this.#isAlong(tile, goal, now));
    for (const tile of tiles) tile.stand(goal.at, Math.abs(this.#clock.rate));
    const waited = now - goal.since;
    const isTooLong = waited > LONGEST_WAIT_MS;
    const behind = new Set(tiles.filter(({ isBehind }) => isBehind)); // and so they are said to be until they are drawn
    const isThere = this.#stage.stand(tiles, goal.at, isTooLong ? waited : 0);
    if (isTooLong) for (const tile of tiles) if (!tile.isAt(goal.at)) this.#left.set(tile, goal);
    for (const tile of tiles) tile.isBehind &&= waited > PATIENT_MS || behind.has(tile);
    this.#wait(!isThere && waited > PATIENT_MS && !isTooLong, now);
    if (isThere || isTooLong) this.#goal = { at: this.#clock.at(now), since: now };
  }

  /** Whether a leap waits for it. Who was left has time to come where it was left, and then to where the others are. */
  #isAlong(tile: Tile, goal: Goal, now: number): boolean {
    const left = this.#left.get(tile);
    if (left === undefined) return true;
    tile.stand(left.at, Math.abs(this.#clock.rate));
    if (tile.isAt(left.at)) {
      this.#left.delete(tile);
      return true;
    }
    tile.isBehind = true;
    if (now - left.since > LONGEST_WAIT_MS) this.#left.set(tile, { at: goal.at, since: now });
    return false;
  }

  #run(at: number, now: number): void {
    const tiles = [...this.#tiles.values()];
    const { rate } = this.#clock;
    const isRunning = this.#clock.isRunning || this.#waitsSince === null;
    for (const tile of tiles) {
      if (isRunning) tile.run(at, rate);
      else if (this.#isGathering) tile.stand(at, rate);
      else tile.hold(at);
    }
    const isLate = this.#late().length > 0 && (rate <= RUNNABLE || tiles.length > 1);
    const isOver = this.#waitsSince !== null && now - this.#waitsSince >= LONGEST_WAIT_MS;
    if (this.#isGathering) this.#isGathering = !this.#stage.stand(tiles, at, 0);
    else this.#stage.play(isOver ? tiles.filter(({ isReady }) => isReady) : tiles, now);
    if (!isRunning || isLate) this.#stage.together();
    else if (this.#stage.isApart(now)) this.#isGathering = true;
    const isLong = this.#isGathering && this.#waitsSince !== null && now - this.#waitsSince > PATIENT_MS;
    for (const tile of tiles) tile.isBehind = !tile.isReady || isLong || tile.isOld(at, rate);
    if (!this.#wait(this.#isGathering || isLate, now)) this.#isGathering = false;
    this.#goal = null;
    this.#left.clear();
  }

  /** The clock stands for as long as that is so, and as anybody has patience; gives whether it does. */
  #wait(isLate: boolean, now: number): boolean {
    if (isLate) this.#waitsSince ??= now;
    else this.#waitsSince = null;
    const isPatient = this.#waitsSince !== null && now - this.#waitsSince < LONGEST_WAIT_MS;
    if (isPatient) this.#clock.stand(now);
    else if (!this.#clock.isRunning) this.#clock.run(now);
    return isPatient;
  }

  /** The look ends somewhere: the clock stands there. */
  #bounded(now: number): number {
    const at = this.#clock.at(now);
    const span = this.#reach?.span;
    if (span === undefined || !this.#isPlaying) return at;
    const limited = Math.min(span.to, Math.max(span.from, at));
    if (limited === at || (at < span.from && this.#clock.rate > 0) || (at > span.to && this.#clock.rate < 0)) return at;
    this.#isPlaying = false;
    this.#clock.stand(now);
    this.#clock.seek(limited, now);
    return limited;
  }

  #late(): readonly string[] {
    return [...this.#tiles.values()].filter((tile) => !tile.isReady && !this.#left.has(tile)).map(({ camera }) => camera);
  }

  /** A playlist holds less than two hours: where the clock leaves it, the next is fetched. */
  #loadWindow(): void {
    const reach = this.#reach;
    const at = this.at;
    if (reach === null || (this.#window !== null && isInside(this.#window, at, reach.span))) return;
    const isBack = this.#clock.rate < 0 && this.#isPlaying;
    const from = Math.max(reach.span.from, at - (isBack ? WINDOW_MS - BEFORE_MS : BEFORE_MS));
    const to = Math.min(reach.span.to, from + WINDOW_MS);
    if (to <= from) return;
    this.#window = { from, to };
    for (const tile of this.#tiles.values()) this.#loadTile(tile, reach, this.#window);
  }

  #loadTile(tile: Tile, reach: Reach, window: { readonly from: number; readonly to: number }): void {
    tile.load(this.#address(tile, reach, window), this.at);
  }

  #address({ camera }: Tile, reach: Reach, { from, to }: { readonly from: number; readonly to: number }): string {
    return reach.playlist(camera, from, to, this.at);
  }

  #tell(): void {
    const before = this.state.get();
    const late = this.#isPlaying && this.#waitsSince !== null ? this.#late() : [];
    const tiles = Object.fromEntries([...this.#tiles].map(([camera, tile]) => [camera, tile.shown]));
    const after: DeckState = { isPlaying: this.#isPlaying, rate: this.#clock.rate, waiting: late, loop: this.#clock.loop, tiles };
    if (JSON.stringify(before) !== JSON.stringify(after)) this.state.set(after);
  }
}

function isInside(window: { readonly from: number; readonly to: number }, at: number, span: { readonly from: number; readonly to: number }): boolean {
  const clamped = Math.min(span.to - 1, Math.max(span.from, at));
  return clamped >= window.from && clamped < window.to;
}
