// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Client } from "../api/client";
import { msFromInstant } from "../time/ticks";
import type { ServerClock } from "./clock";

const FIRST = 3;
const EVERY_MS = 60_000;

/** Asks the server's time: a few times at once, then each minute. What it gives ends it. `onName`: what the server calls this station. */
export function followClock(client: Client, clock: ServerClock, onName: (name: string) => void): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function ask(left: number): Promise<void> {
    try {
      const asked = clock.here();
      const { name, now } = await client.call("GET /station", undefined);
      if (isOver) return;
      clock.sample(asked, msFromInstant(now), clock.here());
      onName(name);
    } catch {
      // it is asked again; meanwhile what is known holds
    }
    if (!isOver) timer = setTimeout(() => void ask(left - 1), left > 1 ? 200 : EVERY_MS);
  }
  void ask(FIRST);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
