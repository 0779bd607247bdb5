// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Where UTC stands on the clock of one player. Pure. */

/** An entry of a playlist: `start` and `duration` in seconds of the player's clock, `utc` in milliseconds. */
export interface Part {
  readonly start: number;
  readonly duration: number;
  readonly utc: number;
  readonly isGap: boolean;
}

/**
 * "picture": at `media` seconds, without a hole until `to`. "gap": from `from` to `to` there is no picture, `media` is
 * where the next one stands. "outside": the playlist says nothing of that time.
 */
export type Place =
  | { readonly kind: "picture"; readonly media: number; readonly to: number }
  | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly media: number | null }
  | { readonly kind: "outside" };

const SLACK_MS = 2; // playlists tell milliseconds

interface Run {
  readonly from: number;
  readonly to: number;
  readonly parts: readonly Part[];
}

export class TimeMap {
  /** Parts without a hole between them, in the order of the playlist. */
  readonly #runs: readonly Run[];
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#runs = runsOf(parts.filter(({ isGap }) => !isGap));
  }

  /** Of the whole playlist; null where it has nothing. */
  get span(): { readonly from: number; readonly to: number } | null {
    const [first, last] = [this.#parts[0], this.#parts.at(-1)];
    return first === undefined || last === undefined ? null : { from: first.utc, to: endOf(last) };
  }

  place(utc: number): Place {
    const span = this.span;
    if (span === null || utc < span.from || utc >= span.to) return { kind: "outside" };
    const run = this.#runs.find(({ from, to }) => utc >= from && utc < to);
    if (run !== undefined) return { kind: "picture", media: mediaIn(run, utc), to: run.to };
    const before = this.#runs.filter(({ to }) => to <= utc).at(-1);
    const after = this.#runs.find(({ from }) => from > utc);
    return { kind: "gap", from: before?.to ?? span.from, to: after?.from ?? span.to, media: after?.parts[0]?.start ?? null };
  }

  /** Where the next run of pictures begins, or, backwards, where the one before ends; undefined where there is none. */
  edge(utc: number, direction: 1 | -1): number | undefined {
    return direction === 1 ? this.#runs.find(({ from }) => from > utc)?.from : this.#runs.filter(({ to }) => to <= utc).at(-1)?.to;
  }

  /** What time it was at a moment of the player's clock; undefined beside all parts. */
  utc(media: number): number | undefined {
    const parts = this.#parts.filter(({ isGap }) => !isGap);
    const found = parts.find(({ start, duration }) => media >= start && media < start + duration);
    const part = found ?? parts.find(({ start, duration }) => Math.abs(media - start - duration) < 0.1 || Math.abs(media - start) < 0.1);
    return part === undefined ? undefined : part.utc + (media - part.start) * 1000;
  }
}

function runsOf(parts: readonly Part[]): readonly Run[] {
  const runs: { from: number; to: number; parts: Part[] }[] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    if (run !== undefined && Math.abs(part.utc - run.to) <= SLACK_MS) {
      run.parts.push(part);
      run.to = endOf(part);
    } else {
      runs.push({ from: part.utc, to: endOf(part), parts: [part] });
    }
  }
  return runs;
}

function mediaIn(run: Run, utc: number): number {
  const part = run.parts.filter((each) => each.utc <= utc).at(-1) ?? run.parts[0];
  return part === undefined ? 0 : part.start + (utc - part.utc) / 1000;
}

function endOf({ utc, duration }: Part): number {
  return utc + duration * 1000;
}
