// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Alarm } from "../api/alarms";
import type { Client } from "../api/client";
import type { Instant } from "../api/types";
import { Store } from "../store";

const EVERY_MS = 2000;
const LIMIT_MS = 8000; // what hangs is told by this question first: it is asked all the time

export interface Watched {
  /** Undefined: not read yet. */
  readonly items: readonly Alarm[] | undefined;
  /** The server's, when it was read. */
  readonly now: Instant | undefined;
  /** Of the last try; the items are then older. */
  readonly error: unknown;
}

/** Reads the queue again and again; tells what is news since it began to look. */
export class AlarmWatch {
  readonly state = new Store<Watched>({ items: undefined, now: undefined, error: undefined });
  #rung: Instant | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #aborter = new AbortController();
  #isRunning = false;

  constructor(
    readonly client: Client,
    /** News: alarms that rang since the last look, the most urgent first. At the beginning: all that are new. */
    readonly onNews: (alarms: readonly Alarm[]) => void,
    readonly everyMs = EVERY_MS,
  ) {}

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.look();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#aborter.abort();
    this.#aborter = new AbortController();
  }

  /** Now, and then on in the usual steps. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#aborter;
    try {
      const { items, now } = await this.client.call("GET /alarms", undefined, { signal, limitMs: LIMIT_MS });
      if (signal.aborted) return;
      this.state.set({ items, now, error: undefined });
      this.#tellNews(items);
    } catch (error) {
      if (signal.aborted) return;
      this.state.set({ ...this.state.get(), error });
    }
    if (this.#isRunning) this.#timer = setTimeout(() => void this.look(), this.everyMs);
  }

  #tellNews(items: readonly Alarm[]): void {
    const last = this.#rung;
    const news = items.filter((alarm) => alarm.state === "new" && (last === null || alarm.rung > last));
    const newest = items.map(({ rung }) => rung).reduce((a, b) => (a > b ? a : b), last ?? "");
    this.#rung = newest;
    if (news.length > 0) this.onNews(news.toSorted((a, b) => a.priority - b.priority));
  }
}

/** Of the queue: those of which nobody has taken notice and which last. */
export function newOnes(items: readonly Alarm[] | undefined): readonly Alarm[] {
  return (items ?? []).filter(({ state }) => state === "new");
}

/** Those that a shift leaves to the next one. */
export function openOnes(items: readonly Alarm[] | undefined): readonly Alarm[] {
  return items ?? [];
}
