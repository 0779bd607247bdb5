// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { Budget } from "../src/core/player/budget";

/** Sixteen tiles of which `carries` may move without strain, for so many seconds in steps of two. */
function station(carries: { n: number }) {
  const budget = new Budget(16);
  for (let at = 0; at < 16; at += 1) {
    budget.add({
      load: () => {
        const isMoving = at < budget.moving.get();
        return { isMoving, isStrained: isMoving && budget.moving.get() > carries.n };
      },
    });
  }
  let now = 0;
  const run = (seconds: number, isVisible = true, step = 2000) => {
    const seen: number[] = [];
    for (const end = now + seconds * 1000; now < end; ) {
      now += step;
      budget.tick(now, isVisible);
      if (seen.at(-1) !== budget.moving.get()) seen.push(budget.moving.get());
    }
    return seen;
  };
  return { budget, run };
}

describe("the budget of moving pictures", () => {
  it("lets all move on a station that carries them", () => {
    expect(station({ n: 16 }).run(300)).toEqual([16]);
  });

  it("lets fewer move where they are too many, and all again where they are not any more", () => {
    const carries = { n: 5 };
    const { budget, run } = station(carries);
    run(60);
    expect(budget.moving.get()).toBeLessThanOrEqual(5);
    carries.n = 16;
    run(200);
    expect(budget.moving.get()).toBe(16);
  });

  it("tries more ever more seldom where that is in vain", () => {
    const { run } = station({ n: 4 });
    run(60);
    const early = run(120).length;
    run(600);
    expect(run(120).length).toBeLessThan(early);
  });

  it("goes down to none, and takes one bad round for chance", () => {
    expect(station({ n: 0 }).run(60).at(-1)).toBe(0);
    const { budget, run } = station({ n: 16 });
    run(20);
    budget.add({ load: () => ({ isMoving: true, isStrained: true }) })();
    const leave = budget.add({ load: () => ({ isMoving: true, isStrained: true }) });
    run(2);
    leave();
    run(20);
    expect(budget.moving.get()).toBe(16);
  });

  it("sees a page that hangs, and no page in the background", () => {
    const slow = station({ n: 16 });
    slow.run(4);
    slow.run(30, true, 5000);
    expect(slow.budget.moving.get()).toBeLessThan(16);
    const away = station({ n: 16 });
    away.run(600, false, 60_000);
    away.run(2);
    expect(away.budget.moving.get()).toBe(16);
  });
});
