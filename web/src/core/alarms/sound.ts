// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";

/**
 * `on`: it will be heard. `blocked`: the browser waits for a key or a click before it lets anything sound. `muted`: by
 * this person. `off`: no shift is open. `elsewhere`: another window of this station sounds.
 */
export type SoundState = "on" | "blocked" | "muted" | "off" | "elsewhere";

/** Hertz and seconds, one after the other: urgent ones are higher, and three. */
const TONES: Readonly<Record<number, readonly (readonly [hertz: number, seconds: number])[]>> = {
  1: [
    [880, 0.18],
    [660, 0.18],
    [880, 0.28],
  ],
  2: [
    [660, 0.18],
    [550, 0.28],
  ],
  3: [[520, 0.22]],
};
const LOUD = 0.2;
const PAUSE_S = 0.06;
const GESTURES = ["pointerdown", "keydown"] as const;

export interface Where {
  readonly page: EventTarget;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly context: () => AudioContext;
  /** Of the windows of a station one sounds; undefined: each does. */
  readonly locks: LockManager | undefined;
}

/** Sounds for alarms, made here: a person mutes them for themselves, on this station. */
export class Sound {
  readonly state = new Store<SoundState>("off");
  #context: AudioContext | null = null;
  #isMuted: boolean;
  #isInShift = false;
  #isOurs: boolean;
  #leave: () => void = () => undefined;
  readonly #key: string;

  constructor(
    readonly where: Where,
    person: string,
  ) {
    this.#key = `torrazzo-mute-${person}`;
    this.#isMuted = where.storage.getItem(this.#key) !== null;
    this.#isOurs = where.locks === undefined;
  }

  enter(): void {
    const { page, locks } = this.where;
    const aborter = new AbortController();
    this.#leave = () => aborter.abort();
    for (const name of GESTURES) page.addEventListener(name, this.#gesture, { passive: true });
    const ours = async (): Promise<void> =>
      new Promise((leave) => {
        this.#leave = leave;
        this.#isOurs = true;
        this.#tell();
      });
    void locks?.request("torrazzo-alarm-sound", { signal: aborter.signal }, ours).catch(() => undefined);
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    if (isMuted) this.where.storage.setItem(this.#key, "1");
    else this.where.storage.removeItem(this.#key);
    this.#tell();
  }

  /** Only in an open shift is there anybody to hear it. */
  work(isInShift: boolean): void {
    this.#isInShift = isInShift;
    if (isInShift) void this.#wake();
    this.#tell();
  }

  /** Whether it was played. */
  play(priority: number): boolean {
    const context = this.#context;
    if (context === null || this.state.get() !== "on") return false;
    let at = context.currentTime;
    for (const [hertz, seconds] of TONES[priority] ?? TONES[3] ?? []) {
      tone(context, hertz, at, seconds);
      at += seconds + PAUSE_S;
    }
    return true;
  }

  leave(): void {
    for (const name of GESTURES) this.where.page.removeEventListener(name, this.#gesture);
    this.#leave();
    this.#isOurs = this.where.locks === undefined;
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }

  readonly #gesture = (): void => {
    if (this.#isInShift && this.#context?.state !== "running") void this.#wake();
  };

  async #wake(): Promise<void> {
    try {
      this.#context ??= this.where.context();
      this.#context.onstatechange = () => this.#tell();
      this.#tell();
      await this.#context.resume();
    } catch {
      // the browser has no sound at all, or does not let us: `blocked` says so
    }
    this.#tell();
  }

  #tell(): void {
    const isHeard = this.#context?.state === "running";
    const state = !this.#isInShift ? "off" : this.#isMuted ? "muted" : !this.#isOurs ? "elsewhere" : isHeard ? "on" : "blocked";
    this.state.set(state);
  }
}

function tone(context: AudioContext, hertz: number, at: number, seconds: number): void {
  const source = context.createOscillator();
  const gain = context.createGain();
  source.type = "triangle";
  source.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUD, at + 0.01);
  gain.gain.setValueAtTime(LOUD, at + seconds - 0.03);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  source.connect(gain).connect(context.destination);
  source.start(at);
  source.stop(at + seconds);
}
