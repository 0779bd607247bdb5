// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { FrameTimes, middleOf } from "../src/core/playback/frame-times";
import { MasterClock, shuttled, steer } from "../src/core/playback/master";
import { ShownTimes } from "../src/core/playback/shown-times";
import { areTogether } from "../src/core/playback/stage";
import { TimeMap } from "../src/core/playback/time-map";
import type { Export } from "../src/core/api/exports";
import { keepSaid, keptSaid, saidInRequest, titlesOf } from "../src/core/playback/said";
import { instantsFrom, yesterday } from "../src/screens/playback/GoTo";
import { spanAround } from "../src/screens/playback/Reason";
import { panned, transformOf, WHOLE, within, zoomed, zoomKey } from "../src/core/playback/zoom";

const T = Date.parse("2026-11-24T12:00:00Z");

describe("the master clock", () => {
  it("runs at its rate, forward and back, and stands where it is stopped", () => {
    const clock = new MasterClock(T);
    expect(clock.at(99_000)).toBe(T);
    clock.run(1000);
    expect(clock.at(3000)).toBe(T + 2000);
    clock.setRate(4, 3000);
    expect(clock.at(4000)).toBe(T + 6000);
    clock.setRate(-2, 4000);
    expect(clock.at(5000)).toBe(T + 4000);
    clock.stand(5000);
    expect(clock.at(9000)).toBe(T + 4000);
    clock.seek(T, 9000);
    clock.run(10_000);
    expect(clock.at(10_500)).toBe(T - 1000);
  });

  it("goes round from B to A, also backwards", () => {
    const clock = new MasterClock(T);
    clock.setLoop({ from: T, to: T + 1000 }, 0);
    clock.run(0);
    expect(clock.at(2300)).toBe(T + 300);
    clock.setRate(-1, 2300);
    expect(clock.at(2300 + 800)).toBe(T + 500);
    clock.setLoop(null, 3100);
    clock.setRate(1, 3100);
    expect(clock.at(8100)).toBe(T + 5500);
  });

  it("is shuttled: faster each time up to 16, the other way at once", () => {
    expect(shuttled(4, false, 1)).toBe(1);
    expect([1, 2, 4, 8, 16].map((rate) => shuttled(rate, true, 1))).toEqual([2, 4, 8, 16, 16]);
    expect(shuttled(8, true, -1)).toBe(-1);
    expect(shuttled(-1, true, -1)).toBe(-2);
    expect(shuttled(0.5, true, 1)).toBe(1);
  });
});

describe("keeping step", () => {
  it("leaves small drifts, corrects by rate, and seeks above a second", () => {
    expect(steer(3, 1)).toEqual({ rate: 1 });
    expect(steer(30, 1)).toEqual({ rate: 0.8 });
    expect(steer(-30, 1)).toEqual({ rate: 1.2 });
    expect(steer(81, 1)).toEqual({ rate: 0.5 });
    expect(steer(-900, 1)).toEqual({ rate: 1.5 });
    expect(steer(1001, 1)).toBe("seek");
    expect(steer(-1001, 1)).toBe("seek");
    expect(steer(1001, 4)).not.toBe("seek");
    expect(steer(-5000, 4)).toBe("seek");
  });

  it("asks no browser for a rate that it does not know", () => {
    for (const rate of [0.25, 1, 16]) {
      for (const drift of [-900, -20, 20, 900]) {
        const steering = steer(drift, rate);
        expect(steering).not.toBe("seek");
        if (steering !== "seek") expect(steering.rate >= 0.0625 && steering.rate <= 16).toBe(true);
      }
    }
  });

  it("ends in step", () => {
    let drift = 700;
    for (let ms = 0; ms < 6000; ms += 16) {
      const steering = steer(drift, 1);
      if (steering !== "seek") drift += (steering.rate - 1) * 16;
    }
    expect(Math.abs(drift)).toBeLessThan(10);
  });
});

describe("where UTC stands on a player's clock", () => {
  const map = new TimeMap([
    { start: 0, duration: 10, utc: T, isGap: false },
    { start: 10, duration: 10, utc: T + 10_000, isGap: false },
    { start: 20, duration: 5, utc: T + 20_000, isGap: true },
    { start: 25, duration: 10, utc: T + 25_000, isGap: false },
    { start: 35, duration: 10, utc: T + 95_000, isGap: false }, // the clock was set: no gap on the player's
  ]);

  it("is found within runs, and on to their ends", () => {
    expect(map.place(T)).toEqual({ kind: "picture", media: 0, to: T + 20_000 });
    expect(map.place(T + 12_500)).toEqual({ kind: "picture", media: 12.5, to: T + 20_000 });
    expect(map.place(T + 26_000)).toEqual({ kind: "picture", media: 26, to: T + 35_000 });
    expect(map.place(T + 96_000)).toEqual({ kind: "picture", media: 36, to: T + 105_000 });
  });

  it("is a gap where there is none, with where the next picture stands", () => {
    expect(map.place(T + 21_000)).toEqual({ kind: "gap", from: T + 20_000, to: T + 25_000, media: 25 });
    expect(map.place(T + 40_000)).toEqual({ kind: "gap", from: T + 35_000, to: T + 95_000, media: 35 });
    expect(map.place(T - 1)).toEqual({ kind: "outside" });
    expect(map.place(T + 105_000)).toEqual({ kind: "outside" });
    expect(new TimeMap([]).place(T)).toEqual({ kind: "outside" });
    const open = new TimeMap([{ start: 0, duration: 5, utc: T, isGap: true }]);
    expect(open.place(T)).toEqual({ kind: "gap", from: T, to: T + 5000, media: null });
  });

  it("goes back from the player to UTC", () => {
    for (const utc of [T, T + 19_999, T + 25_001, T + 100_000]) {
      const place = map.place(utc);
      expect(map.utc(place.kind === "picture" ? place.media : NaN)).toBeCloseTo(utc, 3);
    }
    expect(map.utc(22)).toBeUndefined();
  });
});

describe("frames", () => {
  const ticks = T * 90;
  const times = new FrameTimes({
    segments: [
      { segment: "a", start: ticks, end: ticks + 9000, ticks: [ticks, ticks + 3600], keys: [0] },
      { segment: "b", start: ticks + 90_000, end: ticks + 93_600, ticks: [ticks + 90_000], keys: [0] },
    ],
  });

  it("are found by the moment at which they are shown", () => {
    expect(times.at(T)?.ticks).toBe(ticks);
    expect(times.at(T + 39.9)?.ticks).toBe(ticks);
    expect(times.at(T + 40)).toEqual({ ticks: ticks + 3600, end: ticks + 9000 });
    expect(times.at(T - 1)).toBeUndefined();
  });

  it("are stepped through one by one, across what lies between", () => {
    const one = times.beside(T, 1);
    expect(one?.ticks).toBe(ticks + 3600);
    const two = times.beside(middleOf(one ?? { ticks: 0, end: 0 }), 1);
    expect(two?.ticks).toBe(ticks + 90_000);
    expect(times.beside(middleOf(two ?? { ticks: 0, end: 0 }), -1)?.ticks).toBe(ticks + 3600);
    expect(times.beside(T + 1000, 1)).toBeUndefined();
  });

  it("are sought in their middle", () => {
    expect(middleOf({ ticks, end: ticks + 3600 })).toBe(T + 20);
  });
});

describe("digital zoom", () => {
  it("keeps the point under the hand, and never shows an edge", () => {
    const near = zoomed(WHOLE, 2, 0.25, 0.5);
    expect(near).toEqual({ scale: 2, x: 0.375, y: 0.5 });
    expect(within({ scale: 2, x: 0, y: 1 })).toEqual({ scale: 2, x: 0.25, y: 0.75 });
    expect(zoomed(near, 0.1)).toEqual(WHOLE);
    expect(panned(near, -5, 0).x).toBe(0.25);
    expect(zoomed(WHOLE, 1000).scale).toBe(16);
  });

  it("goes by keys", () => {
    const near = zoomKey("+", WHOLE) ?? WHOLE;
    expect(near.scale).toBe(1.5);
    expect(zoomKey("ArrowRight", near)?.x).toBeGreaterThan(0.5);
    expect(zoomKey("ArrowRight", WHOLE)).toBeNull();
    expect(zoomKey("0", near)).toEqual(WHOLE);
    expect(transformOf(WHOLE)).toBe("none");
    expect(transformOf({ scale: 2, x: 0.25, y: 0.5 })).toBe("scale(2) translate(25%, 0%)");
  });
});

describe("a typed time", () => {
  const zone = "Europe/Rome";

  it("is read in the ways in which people write times", () => {
    for (const text of ["13:00", "13", "1300", "13.00", "13:00:00", " 13:00 "]) expect(instantsFrom("2026-11-24", text, zone), text).toEqual([T]);
    expect(instantsFrom("2026-11-24", "13:00:04,25", zone)).toEqual([T + 4250]);
    for (const text of ["", "25:00", "13:60", "presto", "13:00:61"]) expect(instantsFrom("2026-11-24", text, zone), text).toBeNull();
    expect(instantsFrom("24/11/2026", "13:00", zone)).toBeNull();
  });

  it("names two moments in the hour that comes twice, and none in the one left out", () => {
    expect(instantsFrom("2026-10-25", "02:30", zone)).toEqual([Date.parse("2026-10-25T00:30:00Z"), Date.parse("2026-10-25T01:30:00Z")]);
    expect(instantsFrom("2026-03-29", "02:30", zone)).toEqual([]);
  });
});

describe("the span of a look", () => {
  it("has the moment in it, ends now at the latest, and is a day at most", () => {
    expect(spanAround(T, 3_600_000, T + 86_400_000)).toEqual({ from: T - 1_800_000, to: T + 1_800_000 });
    expect(spanAround(T, 3_600_000, T + 1000)).toEqual({ from: T + 1000 - 3_600_000, to: T + 1000 });
    const longest = spanAround(T, 90 * 3_600_000, T + 1000);
    expect(longest.to - longest.from).toBe(86_400_000);
  });
});

describe("yesterday", () => {
  const zone = "Europe/Rome";
  const at = (time: string) => Date.parse(time);

  it("is the same time by the wall clock, however long the day was", () => {
    expect(yesterday(at("2026-11-26T10:00:00+01:00"), zone)).toBe(at("2026-11-25T10:00:00+01:00"));
    expect(yesterday(at("2026-10-25T10:00:00+01:00"), zone)).toBe(at("2026-10-24T10:00:00+02:00"));
  });

  it("is 24 hours ago where spring has left that time out", () => {
    expect(yesterday(at("2026-03-30T02:30:00+02:00"), zone)).toBe(at("2026-03-29T01:30:00+01:00"));
  });
});

describe("what was said", () => {
  const said = { purpose: "crime", reason: "furto di una bicicletta in piazza", event: " chiamata 12 ", case: "" } as const;
  const asked = { number: 3, state: "asked", purpose: "crime", case: "2026/118", asked: { at: "2026-11-25T10:00:00Z", by: "o", reason: said.reason } };
  const requests = (...all: readonly object[]) => all.map((each) => ({ ...asked, ...each })) as unknown as readonly Export[];

  it("is kept for the person who said it, and for nobody else", () => {
    const kept = new Map<string, string>();
    const keeps = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    expect(keptSaid(keeps, "a")).toBeNull();
    keepSaid(keeps, "a", said);
    expect(keptSaid(keeps, "a")).toEqual(said);
    expect(keptSaid(keeps, "b")).toBeNull();
    expect(titlesOf(said)).toEqual({ event: "chiamata 12" });
  });

  it("stands in one's newest request for a copy that nobody refused, as long as its reason can be read", () => {
    expect(saidInRequest(requests({}, { number: 4, state: "refused" }, { number: 2, case: "2026/1" }))).toEqual({ ...said, event: "", case: "2026/118" });
    expect(saidInRequest(requests({ asked: { ...asked.asked, reason: null } }))).toBeNull();
    expect(saidInRequest([])).toBeNull();
  });
});

describe("pictures that are drawn together", () => {
  const frame = (from: number, takes = 40) => ({ from, to: from + takes });

  it("are within a frame of each other", () => {
    expect(areTogether([])).toBe(true);
    expect(areTogether([frame(0)])).toBe(true);
    expect(areTogether([frame(0), frame(13), frame(0)])).toBe(true);
    expect(areTogether([frame(0), frame(40)])).toBe(true);
    expect(areTogether([frame(0), frame(53)])).toBe(false);
    expect(areTogether([frame(0), frame(40), frame(80)])).toBe(false);
  });

  it("may be of cameras that are slow: a picture holds until its next one", () => {
    expect(areTogether([frame(0, 200), frame(160)])).toBe(true);
    expect(areTogether([frame(0, 200), frame(240)])).toBe(false);
  });
});

describe("the times of frames", () => {
  const box = (name: string, ...parts: readonly (readonly number[])[]) => {
    const contents = parts.flat();
    return [...u32(contents.length + 8), ...Array.from(name, (each) => each.charCodeAt(0)), ...contents];
  };
  const u32 = (value: number) => [24, 16, 8, 0].map((by) => (value >>> by) & 255);
  /** Duration and shift of each frame, in the order in which they are decoded. */
  const moof = (at: number, frames: readonly (readonly [number, number])[]) =>
    box("moof", box("traf", box("tfdt", u32(0), u32(0), u32(at)), box("trun", u32(0), u32(frames.length), u32(0), ...frames.map(([takes, shift]) => [...u32(takes), ...u32(9), ...u32(0), ...u32(shift)]))));
  const times = new ShownTimes();
  times.take("a", new Uint8Array([...moof(90_000, [[3600, 0], [3600, 3600], [3600, -3600]]), ...box("mdat", [1, 2, 3]), ...moof(100_800, [[3600, 0]])]).buffer);

  it("are told by the headers of a part, in the order in which they are shown", () => {
    expect(times.end(1)).toBeCloseTo(1.04);
    expect(times.end(1.0401)).toBeCloseTo(1.08);
    expect(times.end(1.08)).toBeCloseTo(1.12);
    expect(times.end(1.12)).toBeCloseTo(1.16);
  });

  it("are not known beside it, nor of what is none of ours", () => {
    expect(times.end(0.9)).toBeUndefined();
    expect(times.end(1.2)).toBeUndefined();
    times.take("b", new Uint8Array([1, 2, 3]).buffer);
    times.clear();
    expect(times.end(1)).toBeUndefined();
  });
});
