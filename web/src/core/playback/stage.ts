// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Taken } from "./canvas";
import type { Tile } from "./tile";

/** A picture, and from when to when it is the one to be seen; UTC milliseconds. */
export interface Picture {
  readonly from: number;
  readonly to: number;
  readonly taken: Taken;
}

const SLACK_MS = 1; // playlists and players round
const APART_MS = 250; // so long all keep the picture they have
const APART_LOOKS = 4; // and so often it was tried
const ONE_BY_ONE_MS = 400;
const ANY_MS = 3000; // then what a player has is better than what it had, and is said to be late

/** Whether they are within a frame of each other: none has passed before another one begins. Pure. */
export function areTogether(pictures: readonly { readonly from: number; readonly to: number }[]): boolean {
  const latest = Math.max(...pictures.map(({ from }) => from));
  const soonest = Math.min(...pictures.map(({ to }) => to));
  return pictures.length < 2 || latest <= soonest + SLACK_MS;
}

/**
 * Changes what is seen of all cameras at once, and only to pictures that belong together. Players have clocks of their
 * own, and a browser that is busy paints one later than another: so what they show is taken, looked at, and drawn.
 */
export class Stage {
  #apartSince: number | null = null;
  #apartLooks = 0;

  /** While all run: draws what is together; else everything stays as it is. */
  play(tiles: readonly Tile[], now: number): void {
    const counted = seen(tiles);
    const pictures = counted.map((tile) => tile.picture());
    const isTogether = pictures.every((each) => each !== null) && areTogether(pictures);
    if (isTogether) counted.forEach((tile, at) => draw(tile, pictures[at]));
    pictures.forEach((each) => each?.taken.drop());
    this.#note(isTogether, now);
  }

  /** Players have parted, and do not come together by themselves. */
  isApart(now: number): boolean {
    return this.#apartSince !== null && this.#apartLooks >= APART_LOOKS && now - this.#apartSince > APART_MS;
  }

  /** Nobody runs, or it was just begun: whatever was apart is forgotten. */
  together(): void {
    this.#apartSince = null;
    this.#apartLooks = 0;
  }

  /**
   * While all stand at a moment, for which they were asked `waited` milliseconds ago: draws when each has its picture of
   * it, and gives whether each has. Where one does not come the others are shown without it.
   */
  stand(tiles: readonly Tile[], at: number, waited: number): boolean {
    const counted = seen(tiles);
    const pictures = counted.map((tile) => tile.picture());
    const has = counted.map((tile, place) => tile.isThere(pictures[place] ?? null, at));
    const areAll = has.every(Boolean);
    counted.forEach((tile, place) => {
      const isDue = areAll || tile.canvas.media === null || waited > ONE_BY_ONE_MS;
      tile.isBehind = has[place] !== true || !isDue;
      if (!tile.isBehind || waited > ANY_MS) draw(tile, pictures[place]);
    });
    pictures.forEach((each) => each?.taken.drop());
    return areAll && tiles.every((tile) => tile.isReady);
  }

  #note(isTogether: boolean, now: number): void {
    if (isTogether) {
      this.together();
      return;
    }
    this.#apartSince ??= now;
    this.#apartLooks += 1;
  }
}

/** Those that have a picture of this moment. Of the others nothing old stays. */
function seen(tiles: readonly Tile[]): readonly Tile[] {
  for (const tile of tiles) if (!tile.hasPicture) tile.canvas.clear();
  return tiles.filter((tile) => tile.hasPicture);
}

function draw(tile: Tile, picture: Picture | null | undefined): void {
  if (picture !== null && picture !== undefined) tile.draw(picture);
}
