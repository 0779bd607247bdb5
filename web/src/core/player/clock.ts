// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** The server's clock, as seen from here: the answer with the shortest way tells best. Milliseconds. */

const KEPT = 8;

interface Sample {
  readonly way: number;
  readonly offset: number;
}

export class ServerClock {
  #samples: Sample[] = [];
  #bound: number | null = null;

  constructor(readonly here: () => number = () => performance.timeOrigin + performance.now()) {}

  /** Asked at `asked` and answered at `answered`, by our clock; between both the server's said `said`. */
  sample(asked: number, said: number, answered: number): void {
    this.#samples.push({ way: answered - asked, offset: said - (asked + answered) / 2 });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** A frame that reached the server at `utc` is here: its clock is at least there. Holds until the first sample. */
  atLeast(utc: number): void {
    const offset = utc - this.here();
    if (this.#bound === null || offset > this.#bound) this.#bound = offset;
  }

  /** Now, by the server; null: nothing is known of it. */
  now(): number | null {
    const best = this.#samples.reduce<Sample | null>((best, each) => (best === null || each.way < best.way ? each : best), null);
    const offset = best === null ? this.#bound : best.offset;
    return offset === null ? null : this.here() + offset;
  }

  /** Half the way of the best sample: so far off it may be. */
  get uncertainty(): number | null {
    return this.#samples.length === 0 ? null : Math.min(...this.#samples.map(({ way }) => way)) / 2;
  }
}
