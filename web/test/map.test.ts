// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import type { Position } from "../src/core/api/cameras";
import { gridAround } from "../src/core/map/grid";
import { PLAN, placesOf } from "../src/core/map/places";
import { around, sector } from "../src/core/map/sector";
import { numberFrom } from "../src/core/number";
import { matches } from "../src/screens/cameras/filter";

const HERE: Position = { latitude: 45.1333, longitude: 10.0245, direction: 90, angle: 60, reach: 100 };

describe("a field of view", () => {
  it("begins and ends at the camera and reaches as far as it says, the way that it looks", () => {
    const corners = sector(HERE)?.coordinates[0] ?? [];
    expect(corners[0]).toEqual([10.0245, 45.1333]);
    expect(corners.at(-1)).toEqual(corners[0]);
    const middle = corners[Math.ceil((corners.length - 1) / 2)] ?? [];
    expect(middle[1]).toBeCloseTo(45.1333, 4);
    expect(((middle[0] ?? 0) - 10.0245) * 111_320 * Math.cos((45.1333 * Math.PI) / 180)).toBeCloseTo(100, 0);
  });

  it("is a whole circle without a way in, and nothing where it is not declared", () => {
    const corners = sector({ ...HERE, angle: 360 })?.coordinates[0] ?? [];
    expect(corners).not.toContainEqual([10.0245, 45.1333]);
    expect(corners.at(-1)).toEqual(corners[0]);
    expect(sector({ ...HERE, reach: null })).toBeNull();
  });
});

describe("the ground", () => {
  it("has air around all cameras", () => {
    expect(around([])).toBeNull();
    const [west = 0, south = 0, east = 0, north = 0] = around([HERE]) ?? [];
    expect([west < 10.0245, south < 45.1333, east > 10.0245, north > 45.1333]).toEqual([true, true, true, true]);
  });

  it("is a grid of so many lines at most, however far apart cameras are", () => {
    expect(gridAround([HERE]).features.length).toBeGreaterThan(10);
    expect(gridAround([HERE, { ...HERE, latitude: -80, longitude: 170 }]).features.length).toBeLessThan(450);
  });

  it("names its places, each somewhere on the plan", () => {
    const places = placesOf(PLAN);
    expect(places.map(({ name }) => name)).toContain("Piazza Risorgimento");
    for (const { latitude, longitude } of places) expect(Math.hypot(latitude - 45.1333, longitude - 10.0245)).toBeLessThan(0.02);
  });
});

describe("what is typed", () => {
  it("is a number with a comma or a point, of its range, or nothing", () => {
    expect([numberFrom(" 45,13 ", -90, 90), numberFrom("-1.5", -90, 90), numberFrom("", -90, 90)]).toEqual([45.13, -1.5, null]);
    for (const wrong of ["91", "1e3", "x", "1,2,3", "Infinity"]) expect(numberFrom(wrong, -90, 90), wrong).toBeUndefined();
  });

  it("finds a camera by parts of name and place, in any order", () => {
    const camera = { id: "1", name: "Via Già", place: "Angolo", synthetic: true, enabled: true, streams: [], position: null, turns: false, waits: false };
    expect([matches(camera, "angolo gia", "all"), matches(camera, "corso", "all"), matches(camera, "", "unplaced")]).toEqual([true, false, true]);
  });
});
