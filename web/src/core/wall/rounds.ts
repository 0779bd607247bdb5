// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ServerClock } from "../player/clock";

const LATE_MS = 5; // timers may come a little early

/** Which turn it is: counted from the epoch by the server's clock, so that all monitors of a room are in step. */
export function roundNow(clock: ServerClock, everySeconds: number): number {
  return Math.floor((clock.now() ?? clock.here()) / (everySeconds * 1000));
}

/** Tells each turn, now and at its moment, until what is given back is called. One that came late delays none after it. */
export function followRounds(clock: ServerClock, everySeconds: number, told: (round: number) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = (): void => {
    const every = everySeconds * 1000;
    const into = (clock.now() ?? clock.here()) % every;
    told(roundNow(clock, everySeconds));
    timer = setTimeout(turn, every - into + LATE_MS);
  };
  turn();
  return () => clearTimeout(timer);
}
