// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Feature, FeatureCollection, Position as Point } from "geojson";

import planned from "./plan.json";

/** The demo's town: drawn by us, and of no real town. */
export const PLAN = planned as FeatureCollection;

/** A name on the plan, and where it is. */
export interface Place {
  readonly name: string;
  readonly longitude: number;
  readonly latitude: number;
}

export function placesOf(plan: FeatureCollection): readonly Place[] {
  return plan.features.flatMap((feature) => {
    const name: unknown = feature.properties?.["name"];
    const at = middle(feature);
    return typeof name === "string" && at !== null ? [{ name, ...at }] : [];
  });
}

function middle({ geometry }: Feature): { longitude: number; latitude: number } | null {
  const line: readonly Point[] = geometry.type === "LineString" ? geometry.coordinates : geometry.type === "Polygon" ? (geometry.coordinates[0] ?? []) : [];
  if (line.length === 0) return null;
  if (geometry.type === "LineString") return at(line[Math.floor(line.length / 2)]);
  return at([mean(line.map(([x = 0]) => x)), mean(line.map(([, y = 0]) => y))]);
}

function at(point: Point | undefined): { longitude: number; latitude: number } | null {
  const [longitude, latitude] = point ?? [];
  return longitude === undefined || latitude === undefined ? null : { longitude, latitude };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
