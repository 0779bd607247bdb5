// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { Format } from "../src/core/time/format";
import { instantFromTicks, SECOND, ticksFromInstant } from "../src/core/time/ticks";
import { dateAt, instantsOf, isAmbiguous, offsetAt, wallAt } from "../src/core/time/zone";

const ROME = "Europe/Rome";
const at = (text: string) => Date.parse(text);
const FIRST = at("2026-10-25T00:30:00Z");
const SECOND_TIME = at("2026-10-25T01:30:00Z");

describe("ticks", () => {
  it("are whole, exact, and the same on the way back", () => {
    expect(ticksFromInstant("1970-01-01T00:00:01.000Z")).toBe(SECOND);
    for (const instant of ["2026-11-24T22:04:41.250Z", "2026-03-29T01:00:00.000Z", "2999-12-31T23:59:59.999Z"]) {
      const ticks = ticksFromInstant(instant);
      expect(Number.isSafeInteger(ticks)).toBe(true);
      expect(instantFromTicks(ticks)).toBe(instant);
    }
  });

  it("round down to milliseconds, as the server does", () => {
    expect(instantFromTicks(ticksFromInstant("2026-11-24T22:04:41.250Z") + 89)).toBe("2026-11-24T22:04:41.250Z");
  });

  it("come from no text that names no instant", () => {
    for (const text of ["2026-11-24T22:04:41", "24/11/2026", "", "2026-13-01T00:00:00Z"]) {
      expect(() => ticksFromInstant(text)).toThrow(RangeError);
    }
  });
});

describe("the town's zone", () => {
  it("has the offset that held at that moment", () => {
    expect(offsetAt(at("2026-07-01T12:00:00Z"), ROME)).toBe(120);
    expect(offsetAt(at("2026-12-01T12:00:00Z"), ROME)).toBe(60);
    expect(offsetAt(at("2026-07-01T12:00:00Z"), "Asia/Kolkata")).toBe(330);
    expect(wallAt(FIRST, ROME)).toEqual({ date: "2026-10-25", time: "02:30:00" });
    expect(wallAt(SECOND_TIME, ROME)).toEqual({ date: "2026-10-25", time: "02:30:00" });
  });

  it("names two instants in the hour that comes twice, none in the one left out, else one", () => {
    expect(instantsOf({ date: "2026-10-25", time: "02:30:00" }, ROME)).toEqual([FIRST, SECOND_TIME]);
    expect(instantsOf({ date: "2026-03-29", time: "02:30:00" }, ROME)).toEqual([]);
    expect(instantsOf({ date: "2026-11-24", time: "22:04:41" }, ROME)).toEqual([at("2026-11-24T21:04:41Z")]);
  });

  it("finds every instant of two years again from its wall time", () => {
    for (let ms = at("2026-01-01T00:00:00Z"); ms < at("2028-01-01T00:00:00Z"); ms += 113 * 60_000) {
      const found = instantsOf(wallAt(ms, ROME), ROME);
      expect(found).toContain(Math.floor(ms / 1000) * 1000);
      expect(found.length > 1).toBe(isAmbiguous(ms, ROME));
    }
  }, 60_000);

  it("counts days by the calendar, also where one has 23 or 25 hours", () => {
    expect(dateAt(at("2026-10-24T22:30:00Z"), ROME)).toBe("2026-10-25");
    expect(dateAt(at("2026-10-25T23:30:00Z"), ROME, -1)).toBe("2026-10-25");
    expect(dateAt(at("2026-03-28T23:30:00Z"), ROME, 1)).toBe("2026-03-30");
  });
});

describe("formats", () => {
  const italian = new Format("it", ROME);
  const english = new Format("en", ROME);

  it("say which of two equal hours is meant, and nothing where there is one", () => {
    expect(italian.time(FIRST)).toBe("02:30 CEST");
    expect(italian.time(SECOND_TIME)).toBe("02:30 CET");
    expect(english.time(FIRST)).toBe("02:30 CEST");
    expect(english.seconds(SECOND_TIME)).toBe("02:30:00 CET");
    expect(italian.time(at("2026-10-25T12:30:00Z"))).toBe("13:30");
  });

  it("are those of the language, in the town's zone and not in the station's", () => {
    const ms = at("2026-11-24T23:04:41Z");
    expect(italian.dateTime(ms)).toBe("25 nov 2026, 00:04");
    expect(english.dateTime(ms)).toBe("25 Nov 2026, 00:04");
    expect(italian.longDate(ms)).toBe("mercoledì 25 novembre 2026");
    expect(italian.span(ms, null)).toBe("00:04–");
    expect(italian.span(ms, ms + 12_000)).toBe("00:04:41–00:04:53");
    expect(italian.span(ms, ms + 60_000)).toBe("00:04–00:05");
  });

  it("write sizes, ages and numbers as people say them", () => {
    expect([999, 3_400_000_000, 120_000_000_000].map((count) => italian.bytes(count))).toEqual(["999 byte", "3,4 GB", "120 GB"]);
    expect([0.8, 89, 300, 7200, 200_000].map((s) => italian.age(s))).toEqual(["0 s", "89 s", "5 min", "2 h", "2 giorni"]);
    expect(english.bytes(3_400_000_000)).toBe("3.4 GB");
    expect([italian.number(1204), english.number(1204), italian.number(0.4)]).toEqual(["1.204", "1,204", "0,4"]);
  });
});
