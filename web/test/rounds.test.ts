// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ServerClock } from "../src/core/player/clock";
import { followRounds } from "../src/core/wall/rounds";

const BEGIN = Date.UTC(2026, 10, 26, 8, 0, 3);

beforeEach(() => vi.useFakeTimers({ now: BEGIN }));
afterEach(() => vi.useRealTimers());

/** Of a station whose own clock is off by so many milliseconds, and that has asked the server. */
function clockOff(ms: number): ServerClock {
  const clock = new ServerClock(() => Date.now() + ms);
  clock.sample(Date.now() + ms, Date.now(), Date.now() + ms);
  return clock;
}

// Two monitors whose clocks differ, begun at different moments, show the same turn for hours; a late timer delays none.
test("sequences of several monitors stay in step", () => {
  const shown = [0, 0];
  const first = followRounds(clockOff(0), 10, (round) => (shown[0] = round));
  vi.advanceTimersByTime(4321);
  const second = followRounds(clockOff(-90_000), 10, (round) => (shown[1] = round));
  const begun = shown[0] ?? 0;
  for (let turn = 1; turn <= 2000; turn++) {
    vi.advanceTimersByTime(10_000);
    if (turn % 7 === 0) vi.setSystemTime(Date.now() + 1700); // the page was busy: its timers came late
    if (turn % 7 === 0) vi.advanceTimersByTime(10_000 - 1700);
    expect(shown[0]).toBe(Math.floor(Date.now() / 10_000));
    expect(shown[1]).toBe(shown[0]);
  }
  expect(shown[0]).toBe(begun + 2285);
  first();
  second();
  vi.advanceTimersByTime(60_000);
  expect(shown[0]).toBe(begun + 2285);
});
