// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Whether a picture may be called live: by what was shown last and when, never by what arrived. Milliseconds. */

export const STALE_MS = 1600; // told within two seconds, with the tick and the painting
const LONGEST_MS = 30_000;
const FRAMES = 5;

export class Freshness {
  #shownAt: number | null = null;
  #shownUtc: number | null = null;
  #intervals: number[] = [];

  /** A frame that was not shown before is on the screen. */
  shown(now: number, utc: number | null): void {
    this.#shownAt = now;
    this.#shownUtc = utc;
  }

  /** Two frames follow each other at this distance. */
  interval(ms: number): void {
    if (ms <= 0 || ms > LONGEST_MS) return;
    this.#intervals.push(ms);
    if (this.#intervals.length > 9) this.#intervals.shift();
  }

  /** Another stream: its frames come at another distance. */
  forgetIntervals(): void {
    this.#intervals = [];
  }

  /** Nothing is on the screen. */
  cleared(): void {
    this.#shownAt = null;
    this.#shownUtc = null;
  }

  get hasPicture(): boolean {
    return this.#shownAt !== null;
  }

  get shownUtc(): number | null {
    return this.#shownUtc;
  }

  /** After so long without a new frame, or at such an age, a picture is not live. */
  get limit(): number {
    const sorted = this.#intervals.toSorted((a, b) => a - b);
    return Math.min(LONGEST_MS, Math.max(STALE_MS, FRAMES * (sorted[sorted.length >> 1] ?? 0)));
  }

  /** Since when the screen stands still. */
  stillFor(now: number): number | null {
    return this.#shownAt === null ? null : now - this.#shownAt;
  }

  /** Age of the picture: by the frame's own time where the server's clock is known, and never less than it stands still. */
  age(now: number, serverUtc: number | null): number | null {
    const still = this.stillFor(now);
    if (still === null) return null;
    if (serverUtc === null || this.#shownUtc === null) return still;
    return Math.max(still, serverUtc - this.#shownUtc);
  }

  judge(now: number, serverUtc: number | null): "none" | "live" | "late" | "stale" {
    const still = this.stillFor(now);
    if (still === null) return "none";
    if (still >= this.limit) return "stale";
    return (this.age(now, serverUtc) ?? 0) >= this.limit + 400 ? "late" : "live";
  }
}
