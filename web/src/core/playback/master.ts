// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** The one clock that all players follow. Times: UTC milliseconds; `now` is given: milliseconds of a clock that only runs. Pure. */

export interface Loop {
  readonly from: number;
  readonly to: number;
}

export class MasterClock {
  #at: number;
  #since: number | null = null; // null: it stands
  #rate = 1;
  #loop: Loop | null = null;

  constructor(at: number) {
    this.#at = at;
  }

  /** Signed: below zero it runs backwards. */
  get rate(): number {
    return this.#rate;
  }

  get isRunning(): boolean {
    return this.#since !== null;
  }

  get loop(): Loop | null {
    return this.#loop;
  }

  at(now: number): number {
    if (this.#since === null) return this.#at;
    const at = this.#at + (now - this.#since) * this.#rate;
    return this.#loop === null ? at : looped(at, this.#loop, this.#rate);
  }

  run(now: number): void {
    this.#at = this.at(now);
    this.#since ??= now;
    if (this.#since !== now) this.#since = now;
  }

  stand(now: number): void {
    this.#at = this.at(now);
    this.#since = null;
  }

  setRate(rate: number, now: number): void {
    this.#at = this.at(now);
    if (this.#since !== null) this.#since = now;
    this.#rate = rate;
  }

  seek(at: number, now: number): void {
    this.#at = at;
    if (this.#since !== null) this.#since = now;
  }

  /** A to B, again and again; null: no more. */
  setLoop(loop: Loop | null, now: number): void {
    this.seek(this.at(now), now);
    this.#loop = loop;
  }
}

function looped(at: number, { from, to }: Loop, rate: number): number {
  const length = to - from;
  if (length <= 0) return at;
  if (rate > 0 && at >= to) return from + ((at - from) % length);
  if (rate < 0 && at < from) return to - ((to - at) % length);
  return at;
}

export const FORWARD: readonly number[] = [0.25, 0.5, 1, 2, 4, 8, 16];
const SHUTTLE: readonly number[] = [1, 2, 4, 8, 16];

/** J and L: the other way at single speed, else the next faster one of the same way. Standing, they begin with 1. */
export function shuttled(rate: number, isRunning: boolean, direction: 1 | -1): number {
  if (!isRunning || Math.sign(rate) !== direction) return direction;
  const next = SHUTTLE.find((each) => each > Math.abs(rate)) ?? 16;
  return direction * next;
}

export const RATE_MS = 80;
export const SEEK_MS = 1000;
const STILL_MS = 6; // below it nothing is corrected
const STRONGEST = 0.5;
const REACH_MS = 150; // a drift of so much is corrected by a rate of 1 ± 1

export type Steering = { readonly rate: number } | "seek";

/**
 * What a player that is `drift` milliseconds ahead of the clock has to do, at the clock's `rate` above zero.
 *
 * Above a second it seeks; below, it runs slower or faster. Already small drifts are corrected, gently: at 25 pictures
 * a second 40 ms are another picture. From RATE_MS on as strongly as may be.
 */
export function steer(drift: number, rate: number): Steering {
  const reach = Math.max(1, rate);
  if (Math.abs(drift) > SEEK_MS * reach) return "seek";
  if (Math.abs(drift) <= STILL_MS * reach) return { rate };
  const part = Math.abs(drift) >= RATE_MS * reach ? Math.sign(drift) * STRONGEST : (drift / reach / REACH_MS);
  const limited = Math.max(-STRONGEST, Math.min(STRONGEST, part));
  return { rate: Math.min(16, Math.max(0.0625, Math.round(rate * (1 - limited) * 100) / 100)) };
}
