// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { watchIdle } from "../src/core/session/idle";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watching(idleMs = 600_000) {
  const target = new EventTarget();
  const told = { active: 0, idle: 0 };
  const leave = watchIdle(target, { idleMs, onActive: () => (told.active += 1), onIdle: () => (told.idle += 1) });
  return { told, leave, act: () => target.dispatchEvent(new Event("keydown")) };
}

describe("idleness", () => {
  it("comes after its time without a hand, once", () => {
    const { told } = watching();
    vi.advanceTimersByTime(599_999);
    expect(told.idle).toBe(0);
    vi.advanceTimersByTime(600_000);
    expect(told.idle).toBe(1);
  });

  it("is put off by whatever a hand does, and the server is told at most once a minute", () => {
    const { told, act } = watching();
    for (let second = 0; second < 1200; second += 1) {
      vi.advanceTimersByTime(1000);
      act();
    }
    expect(told).toEqual({ active: 20, idle: 0 });
    vi.advanceTimersByTime(600_000);
    expect(told.idle).toBe(1);
  });

  it("holds for a station that slept: the first key after it does not hide that", () => {
    const { told, act } = watching();
    vi.setSystemTime(Date.now() + 3_600_000); // timers stood still
    act();
    vi.advanceTimersByTime(600_000);
    expect(told).toEqual({ active: 0, idle: 1 });
  });

  it("ends when nobody listens any more", () => {
    const { told, leave } = watching();
    leave();
    vi.advanceTimersByTime(1_000_000);
    expect(told.idle).toBe(0);
  });
});
