// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** How long a frame waits in the buffer: as short as the way here allows, and the one knob that keeps it so. Seconds. */

const LEAST = 0.075; // at 0.06 it stalled now and then, at 0.05 often
const MOST = 1;
const KEPT = 128; // arrivals, about five seconds
const LEADS = 25;
const FORGIVES_AFTER = 30; // seconds without a stall

/** What arrivals tell: how far the latest come behind the earliest. */
export class Jitter {
  #late: number[] = [];
  #stalls = 0;
  #stalledAt = 0;

  /** A frame of `media` came at `arrived`; not for frames that are sent again. */
  add(arrived: number, media: number): void {
    this.#late.push(arrived - media);
    if (this.#late.length > KEPT) this.#late.shift();
  }

  /** Media time jumped: what was measured before says nothing of it. */
  forget(): void {
    this.#late = [];
  }

  stalled(now: number): void {
    this.#stalls = Math.min(this.#stalls + 1, 6);
    this.#stalledAt = now;
  }

  /** For how long the next frame should be there before it is due. */
  target(now: number): number {
    if (this.#stalls > 0 && now - this.#stalledAt > FORGIVES_AFTER) {
      this.#stalls -= 1;
      this.#stalledAt = now;
    }
    return Math.min(MOST, LEAST + 1.2 * this.spread + 0.05 * this.#stalls);
  }

  get spread(): number {
    if (this.#late.length < 8) return 0;
    const sorted = this.#late.toSorted((a, b) => a - b);
    return (sorted[Math.floor(sorted.length * 0.95)] ?? 0) - (sorted[0] ?? 0);
  }
}

export interface Step {
  readonly rate: number;
  /** Where to go at once, instead. */
  readonly jump: number | null;
}

export type Ranges = readonly (readonly [from: number, to: number])[];

/** Keeps the shortest lead of the last second at the target: by speed where that does, else by a jump. */
export class Pace {
  #leads: number[] = [];
  #isHurrying = false;

  /** Before a frame is put in. */
  lead(seconds: number): void {
    this.#leads.push(seconds);
    if (this.#leads.length > LEADS) this.#leads.shift();
  }

  forget(): void {
    this.#leads = [];
    this.#isHurrying = false;
  }

  /** After it was put in: `at` is what is shown. A lead that is larger by more than `patience` is jumped over. */
  next(at: number, ranges: Ranges, target: number, patience = 0.6): Step {
    const last = ranges.at(-1);
    if (last === undefined) return { rate: 1, jump: null };
    const [from, to] = last;
    const lead = to - at;
    if (at < from - 0.001 || lead > target + patience || lead < -0.001) {
      this.forget();
      return { rate: 1, jump: Math.max(from, to - target) };
    }
    if (this.#leads.length < 3) return { rate: 1, jump: null };
    const off = Math.min(...this.#leads) - target;
    this.#isHurrying = off > (this.#isHurrying ? 0.005 : 0.02); // once it hurries, to the end
    if (this.#isHurrying) return { rate: 1 + Math.min(0.25, off), jump: null };
    if (off < -0.02) return { rate: 1 - Math.min(0.1, -off), jump: null };
    return { rate: 1, jump: null };
  }
}
