// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Frames } from "../api/playback";
import { msFromTicks } from "../time/ticks";

/** When each frame of a camera is shown, as far as it was asked for. UTC ticks. Pure. */

export interface FrameTime {
  readonly ticks: number;
  /** When the next one is shown, or its segment ends. */
  readonly end: number;
}

export class FrameTimes {
  readonly #frames: readonly FrameTime[];

  constructor(frames: Frames) {
    this.#frames = frames.segments.flatMap(({ ticks, end }) => ticks.map((each, at) => ({ ticks: each, end: ticks[at + 1] ?? Math.max(end, each + 1) })));
  }

  /** The frame that is shown at a moment (ms): the last one that is not after it. */
  at(utc: number): FrameTime | undefined {
    return this.#frames[this.#index(utc)];
  }

  /** The one after or before it; undefined where none is known. */
  beside(utc: number, direction: 1 | -1): FrameTime | undefined {
    return this.#frames[this.#index(utc) + direction];
  }

  #index(utc: number): number {
    let [low, high] = [0, this.#frames.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (msFromTicks(this.#frames[middle]?.ticks ?? 0) <= utc) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Where to seek so that exactly this frame is shown, whatever is rounded: its middle. UTC milliseconds. */
export function middleOf({ ticks, end }: FrameTime): number {
  return msFromTicks((ticks + end) / 2);
}
