// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";
import type { Load } from "./player";

/** How many pictures move at once on this station: as many as it, and the way to it, can carry. */

const EVERY_MS = 2000;
const HANGS_MS = 1500; // so late a tick comes where the page itself hangs
const ROUNDS = 2; // of strain, one after the other: one may be chance
const SETTLES_MS = 8000; // after a change, before there is another one
const QUIET_MS = 10_000; // without strain, before more is tried
const LONGEST_MS = 160_000;

export class Budget {
  /** Of the tiles in their order; those beyond show key frames alone. */
  readonly moving: Store<number>;
  readonly #players = new Set<{ load(): Load }>();
  #strained = 0; // rounds
  #changedAt = Number.NEGATIVE_INFINITY;
  #strainedAt = Number.NEGATIVE_INFINITY;
  #patience = QUIET_MS;
  #ticked: number | null = null;

  constructor(readonly most: number) {
    this.moving = new Store(most);
  }

  add(player: { load(): Load }): () => void {
    this.#players.add(player);
    return () => void this.#players.delete(player);
  }

  /** Until what it gives is called. */
  begin(page: Pick<Document, "visibilityState">): () => void {
    const timer = setInterval(() => this.tick(performance.now(), page.visibilityState === "visible"), EVERY_MS);
    return () => clearInterval(timer);
  }

  /** A page in the background is slowed down by its browser: that says nothing. */
  tick(now: number, isVisible: boolean): void {
    const loads = [...this.#players].map((player) => player.load());
    const before = this.#ticked;
    this.#ticked = isVisible ? now : null;
    if (!isVisible || before === null) return;
    const moving = loads.filter(({ isMoving }) => isMoving).length;
    const hangs = now - before > EVERY_MS + HANGS_MS;
    if (moving > 0 && (hangs || loads.some(({ isStrained }) => isStrained))) this.#strain(now, moving);
    else this.#rest(now);
  }

  /** Half of them, and more patience each time that more was tried in vain. */
  #strain(now: number, moving: number): void {
    this.#strained += 1;
    this.#strainedAt = now;
    if (this.#strained < ROUNDS || now - this.#changedAt < SETTLES_MS) return;
    if (now - this.#changedAt < 3 * this.#patience) this.#patience = Math.min(LONGEST_MS, this.#patience * 2);
    this.#set(Math.min(this.moving.get(), moving) >> 1, now);
  }

  #rest(now: number): void {
    this.#strained = 0;
    const allowed = this.moving.get();
    if (allowed >= this.most) {
      if (now - this.#changedAt > LONGEST_MS) this.#patience = QUIET_MS;
    } else if (now - Math.max(this.#strainedAt, this.#changedAt) >= this.#patience) {
      this.#set(Math.min(this.most, allowed * 2 + 1), now);
    }
  }

  #set(moving: number, now: number): void {
    this.#strained = 0;
    this.#changedAt = now;
    this.moving.set(moving);
  }
}
