// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Feature, FeatureCollection } from "geojson";

import type { Position } from "../api/cameras";
import { around } from "./sector";

const STEP = 0.001; // degrees: about a hundred metres
const MOST = 200; // lines a way

/** Where a town has no map: meridians and parallels, so that distances can be told. */
export function gridAround(positions: readonly Position[]): FeatureCollection {
  const [west, south, east, north] = around(positions) ?? [0, 0, 0, 0];
  const step = Math.max(STEP, (east - west) / MOST, (north - south) / MOST);
  const [left, bottom] = [Math.floor(west / step) - 5, Math.floor(south / step) - 5];
  const [right, top] = [Math.ceil(east / step) + 5, Math.ceil(north / step) + 5];
  const lines = [
    ...numbers(left, right).map((x) => [[x * step, bottom * step], [x * step, top * step]]),
    ...numbers(bottom, top).map((y) => [[left * step, y * step], [right * step, y * step]]),
  ];
  const features = lines.map((coordinates): Feature => ({ type: "Feature", properties: { kind: "grid" }, geometry: { type: "LineString", coordinates } }));
  return { type: "FeatureCollection", features };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
