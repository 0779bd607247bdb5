// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { readDay, readMoment, showDay, showMoment } from "../src/core/time/typed";

describe("what people type as a day", () => {
  it("is read in the forms that are common here, and nothing else is", () => {
    const day = "2026-11-06";
    expect(["06/11/2026", "6/11/2026", "6.11.2026", "6-11-2026", "6 11 2026", "06112026", "2026-11-06", " 06/11/2026 "].map(readDay)).toEqual(Array(8).fill(day));
    for (const wrong of ["", "6/11", "31/02/2026", "00/11/2026", "6/13/2026", "11/06/26", "ieri"]) expect(readDay(wrong)).toBeNull();
    expect(readDay("29/02/2028")).toBe("2028-02-29");
    expect(showDay(day)).toBe("06/11/2026");
    expect(showDay("")).toBe("");
  });

  it("may have a time after it", () => {
    const moment = "2026-11-06T08:30:05";
    for (const text of ["06/11/2026 08:30:05", "6/11/2026, 8.30.05", "6 11 2026  8:30:05", moment]) expect(readMoment(text)).toBe(moment);
    expect(readMoment("06/11/2026 8:30")).toBe("2026-11-06T08:30:00");
    for (const wrong of ["06/11/2026", "06/11/2026 24:00", "06/11/2026 8:60", "8:30", ""]) expect(readMoment(wrong)).toBeNull();
    expect(showMoment(moment)).toBe("06/11/2026 08:30:05");
    expect(readMoment(showMoment(moment))).toBe(moment);
    expect(showMoment("")).toBe("");
  });
});
