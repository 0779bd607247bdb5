// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Polygon } from "geojson";

import type { Position } from "../api/cameras";

const METRES = 111_320; // of a degree of latitude
const STEP = 6; // degrees of an arc between two corners

/** The field of view on the ground; null where it is not declared whole. */
export function sector({ latitude, longitude, direction, angle, reach }: Position): Polygon | null {
  if (direction === null || angle === null || reach === null) return null;
  const isAround = angle >= 360;
  const count = Math.max(2, Math.ceil(angle / STEP));
  const arc = Array.from({ length: count + 1 }, (_, at) => {
    const radians = ((direction - angle / 2 + (angle * at) / count) * Math.PI) / 180;
    return from(latitude, longitude, Math.sin(radians) * reach, Math.cos(radians) * reach);
  });
  const start = isAround ? (arc[0] ?? [longitude, latitude]) : [longitude, latitude];
  return { type: "Polygon", coordinates: [[...(isAround ? [] : [start]), ...arc, start]] };
}

/** So many metres to the east and to the north. */
function from(latitude: number, longitude: number, east: number, north: number): [number, number] {
  const wide = METRES * Math.max(0.01, Math.cos((latitude * Math.PI) / 180));
  return [longitude + east / wide, latitude + north / METRES];
}

/** West, south, east, north around all of them, with air; null: there is none. */
export function around(positions: readonly Position[]): [number, number, number, number] | null {
  if (positions.length === 0) return null;
  const air = 150 / METRES;
  const longitudes = positions.map(({ longitude }) => longitude);
  const latitudes = positions.map(({ latitude }) => latitude);
  return [Math.min(...longitudes) - air, Math.min(...latitudes) - air, Math.max(...longitudes) + air, Math.max(...latitudes) + air];
}
