// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { jumpsOf, marksOf } from "../src/core/timeline/marks";
import { patternOf } from "../src/core/timeline/pattern";
import { intervalsOf, joined, nextGap, type Row, whatAt } from "../src/core/timeline/rows";
import { flagsOf, rowsOf, spanToAsk } from "../src/core/timeline/read";
import { keyWish } from "../src/core/timeline/timeline";
import { centred, DAY, following, HOUR, lengthOf, LENGTHS, MINUTE, moved, stepOf, timeAt, type View, xOf, zoomedBy, zoomedTo } from "../src/core/timeline/view";
import { Format } from "../src/core/time/format";
import { wallAt } from "../src/core/time/zone";

const ROME = "Europe/Rome";
const at = (text: string) => Date.parse(text);
const NOON = at("2026-11-24T12:00:00Z");
const HOURLY: View = { from: NOON, to: NOON + HOUR };

describe("the view of a timeline", () => {
  it("zooms around the point under the hand", () => {
    for (const part of [0, 0.25, 0.9]) {
      const point = HOURLY.from + part * HOUR;
      const near = zoomedTo(HOURLY, 10 * MINUTE, point);
      expect(lengthOf(near)).toBe(10 * MINUTE);
      expect(xOf(near, point, 1000)).toBeCloseTo(1000 * part, 6);
    }
  });

  it("is a second at least, and seven days at most", () => {
    expect(lengthOf(zoomedTo(HOURLY, 1, NOON))).toBe(1000);
    expect(lengthOf(zoomedTo(HOURLY, 90 * DAY, NOON))).toBe(7 * DAY);
  });

  it("goes from seven days to a second and back through the same lengths", () => {
    let view: View = { from: NOON, to: NOON + 7 * DAY };
    const inwards: number[] = [];
    while (lengthOf(view) > 1000) {
      view = zoomedBy(view, true, NOON + 1000);
      inwards.push(Math.round(lengthOf(view)));
    }
    expect(inwards).toEqual([...LENGTHS].reverse().slice(1));
    for (const expected of LENGTHS.slice(1)) {
      view = zoomedBy(view, false, NOON + 1000);
      expect(Math.round(lengthOf(view))).toBe(expected);
    }
    expect(lengthOf(zoomedBy(view, false, NOON))).toBeCloseTo(7 * DAY, 3);
  });

  it("has each time at its place, and each place its time", () => {
    for (const x of [0, 1, 333, 1279.5]) expect(xOf(HOURLY, timeAt(HOURLY, x, 1280), 1280)).toBeCloseTo(x, 6);
    expect(moved(HOURLY, 500)).toEqual({ from: NOON + 500, to: NOON + HOUR + 500 });
    expect(centred(HOURLY, NOON)).toEqual({ from: NOON - HOUR / 2, to: NOON + HOUR / 2 });
  });

  it("turns like a page when the clock leaves it, and not before", () => {
    expect(following(HOURLY, NOON + HOUR / 2, true)).toBe(HOURLY);
    const next = following(HOURLY, NOON + HOUR, true);
    expect(xOf(next, NOON + HOUR, 100)).toBeCloseTo(10, 6);
    const before = following(HOURLY, NOON - 1, false);
    expect(xOf(before, NOON - 1, 100)).toBeCloseTo(90, 6);
  });

  it("steps by keys in units that people count in, finer the closer it is", () => {
    expect(stepOf(HOURLY)).toEqual({ arrow: MINUTE, page: 10 * MINUTE });
    expect(stepOf({ from: 0, to: 1000 })).toEqual({ arrow: 40, page: 100 });
    expect(stepOf({ from: 0, to: 7 * DAY }).page).toBe(6 * HOUR);
  });

  it("answers arrows, pages, ends and zoom, and no other key", () => {
    const middle = NOON + HOUR / 2;
    const where = (key: string, isShift = false) => keyWish(key, isShift, HOURLY, middle)?.at;
    expect(where("ArrowRight")).toBe(middle + MINUTE);
    expect(where("ArrowLeft")).toBe(middle - MINUTE);
    expect(where("ArrowRight", true)).toBe(middle + 10 * MINUTE);
    expect(where("PageDown")).toBe(middle - 10 * MINUTE);
    expect(where("Home")).toBe(NOON);
    expect(where("End")).toBe(NOON + HOUR);
    expect(lengthOf(keyWish("+", false, HOURLY, middle)?.view ?? HOURLY)).toBe(15 * MINUTE);
    expect(lengthOf(keyWish("-", false, HOURLY, middle)?.view ?? HOURLY)).toBe(4 * HOUR);
    expect(keyWish("j", false, HOURLY, middle)).toBeNull();
  });
});

describe("the marks above it", () => {
  const labels = (view: View, width = 1000) => marksOf(view, width, ROME).filter(({ size }) => size !== "small").map((mark) => new Format("it", ROME).time(mark.at));

  it("stand on round times of the wall clock", () => {
    expect(labels(HOURLY)).toEqual(["13:00", "13:10", "13:20", "13:30", "13:40", "13:50"]);
    const week = marksOf({ from: at("2026-11-20T12:00:00Z"), to: at("2026-11-27T12:00:00Z") }, 1000, ROME);
    expect(week.filter(({ size }) => size === "day").map((mark) => wallAt(mark.at, ROME).time)).toEqual(Array(7).fill("00:00:00"));
  });

  it("stand twice in the hour that comes twice, and say which", () => {
    const night = { from: at("2026-10-24T23:00:00Z"), to: at("2026-10-25T03:00:00Z") };
    expect(labels(night, 820)).toEqual(["01:00", "01:30", "02:00 CEST", "02:30 CEST", "02:00 CET", "02:30 CET", "03:00", "03:30"]);
    expect(jumpsOf(night, ROME)).toEqual([{ at: at("2026-10-25T01:00:00Z"), minutes: -60 }]);
  });

  it("leave out the hour that does not come", () => {
    const night = { from: at("2026-03-29T00:00:00Z"), to: at("2026-03-29T03:00:00Z") };
    expect(labels(night, 620)).toEqual(["01:00", "01:30", "03:00", "03:30", "04:00", "04:30"]);
    expect(jumpsOf(night, ROME)).toEqual([{ at: at("2026-03-29T01:00:00Z"), minutes: 60 }]);
    expect(jumpsOf(HOURLY, ROME)).toEqual([]);
  });

  it("know days of 23 and 25 hours", () => {
    for (const [from, hours] of [["2026-03-28T23:00:00Z", 23], ["2026-10-24T22:00:00Z", 25]] as const) {
      const days = marksOf({ from: at(from), to: at(from) + 2 * DAY }, 300, ROME).filter(({ size }) => size === "day");
      expect((days[1]?.at ?? 0) - (days[0]?.at ?? 0)).toBe(hours * HOUR);
    }
  });

  it("stand where a zone of half hours has its hours", () => {
    const marks = marksOf({ from: NOON, to: NOON + 12 * HOUR }, 1000, "Asia/Kolkata").filter(({ size }) => size !== "small");
    expect(marks.every(({ at: ms }) => wallAt(ms, "Asia/Kolkata").time.endsWith(":00:00"))).toBe(true);
    expect(marks.length).toBeGreaterThan(5);
  });

  it("are neither too many nor missing, from seven days to a second", () => {
    for (const length of LENGTHS) {
      const marks = marksOf({ from: NOON + 123, to: NOON + 123 + length }, 1000, ROME);
      expect(marks.length, String(length)).toBeGreaterThan(6);
      expect(marks.length, String(length)).toBeLessThan(120);
      expect(new Set(marks.map((mark) => mark.at)).size).toBe(marks.length);
    }
  });
});

describe("what a timeline tells", () => {
  const row: Row = {
    camera: "c1",
    name: "Piazza",
    recorded: [{ from: 0, to: 10 }, { from: 10, to: 20 }, { from: 50, to: 60 }],
    gaps: [{ from: 20, to: 50, why: ["net"] }],
    holds: [{ from: 5, to: 15 }],
  };

  it("is footage, or a gap with its cause, or nothing", () => {
    expect(whatAt(row, 3)).toMatchObject({ kind: "recorded" });
    expect(whatAt(row, 20)).toMatchObject({ kind: "gap", why: ["net"], from: 20, to: 50 });
    expect(whatAt(row, 60)).toMatchObject({ kind: "nothing" });
  });

  it("is in the table in the order of time, footage joined", () => {
    expect(intervalsOf([row], { from: 0, to: 100 }).map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["recorded", 0, 20],
      ["hold", 5, 15],
      ["gap", 20, 50],
      ["recorded", 50, 60],
    ]);
    expect(intervalsOf([row], { from: 55, to: 100 }).map(({ kind }) => kind)).toEqual(["recorded"]);
    expect(joined([])).toEqual([]);
  });

  it("leads from gap to gap", () => {
    expect(nextGap([row], 0, true)).toBe(20);
    expect(nextGap([row], 20, true)).toBeUndefined();
    expect(nextGap([row], 55, false)).toBe(20);
  });

  it("has a pattern for every cause, also for those to come", () => {
    expect(patternOf(["net"])).not.toBe(patternOf(["nosignal"]));
    expect(patternOf(["a cause of the future"])).toBe("cross");
  });
});

describe("the server's timeline", () => {
  const told = {
    from: "2026-11-24T12:00:00.000Z",
    to: "2026-11-24T13:00:00.000Z",
    step: 0,
    now: "2026-11-24T13:00:00.000Z",
    cameras: [
      {
        camera: "c1",
        name: "Piazza",
        stream: "main" as const,
        known: 3_600_000,
        recorded: [[0, 1000]] as const,
        gaps: [[1000, 5000, ["net", "auth"], 2]] as const,
        holds: [[0, 500, "act-1"]] as const,
        bookmarks: [{ id: "b1", camera: "c1", at: "2026-11-24T12:00:01.000Z", note: "qui", person: { id: "p1", name: "Anna" }, made: "2026-11-24T13:00:00.000Z", own: true }],
      },
    ],
  };

  it("becomes rows and flags", () => {
    expect(rowsOf(told)).toEqual([
      { camera: "c1", name: "Piazza", recorded: [{ from: NOON, to: NOON + 1000 }], gaps: [{ from: NOON + 1000, to: NOON + 5000, why: ["net", "auth"] }], holds: [{ from: NOON, to: NOON + 500 }] },
    ]);
    expect(flagsOf(told)).toEqual([{ id: "b1", camera: "c1", at: NOON + 1000, note: "qui" }]);
  });

  it("is asked for with something around the view, and so coarse as it is seen", () => {
    expect(spanToAsk(HOURLY, 1000)).toEqual({ from: NOON - HOUR, to: NOON + 2 * HOUR, step: 3600 });
    const week = spanToAsk({ from: NOON, to: NOON + 7 * DAY }, 1000);
    expect(week.to - week.from).toBeLessThanOrEqual(8 * DAY);
    expect(spanToAsk({ from: NOON, to: NOON + 1000 }, 1000).step).toBe(0);
  });
});
