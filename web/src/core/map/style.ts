// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { FeatureCollection } from "geojson";
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";

/** Of the theme, as the stylesheet has them. */
export interface Colours {
  readonly paper: string;
  readonly raised: string;
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly primary: string;
  readonly fine: string;
  readonly warning: string;
  readonly alarm: string;
  readonly off: string;
  readonly isDark: boolean;
}

/** What lies under the cameras. */
export type Under =
  | { readonly kind: "plan"; readonly plan: FeatureCollection }
  | { readonly kind: "vector"; readonly url: string; readonly layers: readonly string[]; readonly note: string }
  | { readonly kind: "raster"; readonly url: string; readonly note: string };

const FONT = ["Titillium Web"]; // the page's own: no glyphs are loaded

/** The page's colours as they are now. */
export function coloursOf(page: Document): Colours {
  const style = getComputedStyle(page.documentElement);
  const get = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: get("paper"),
    raised: get("raised"),
    ink: get("ink"),
    quiet: get("quiet"),
    line: get("line"),
    primary: get("primary"),
    fine: get("fine"),
    warning: get("warning"),
    alarm: get("alarm"),
    off: get("quiet"),
    isDark: style.colorScheme.trim() === "dark",
  };
}

export function makeStyle(under: Under, colours: Colours): StyleSpecification {
  const [source, layers] = ground(under, colours);
  return {
    version: 8,
    sources: {
      ground: source,
      sights: { type: "geojson", data: EMPTY },
      cameras: { type: "geojson", data: EMPTY },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": colours.isDark ? "#18202a" : "#eef1ea" } },
      ...layers,
      ...cameraLayers(colours),
    ],
  };
}

export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

function ground(under: Under, colours: Colours): [SourceSpecification, LayerSpecification[]] {
  if (under.kind === "raster") {
    const paint = colours.isDark ? { "raster-brightness-max": 0.5, "raster-saturation": -0.5 } : {};
    return [{ type: "raster", url: under.url, tileSize: 256 }, [{ id: "raster", type: "raster", source: "ground", paint }]];
  }
  if (under.kind === "vector") return [{ type: "vector", url: under.url }, vectorLayers(under.layers, colours)];
  return [{ type: "geojson", data: under.plan }, planLayers(colours)];
}

interface Tints {
  readonly water: string;
  readonly park: string;
  readonly building: string;
  readonly street: string;
  readonly edge: string;
}

function tints({ isDark }: Colours): Tints {
  return isDark
    ? { water: "#17344f", park: "#1d3327", building: "#28323d", street: "#3d4a58", edge: "#12181f" }
    : { water: "#b9d6ea", park: "#cfe3c6", building: "#ddd9cf", street: "#ffffff", edge: "#c2c7cd" };
}

function planLayers(colours: Colours): LayerSpecification[] {
  const { water, park, building, street, edge } = tints(colours);
  const of = (kind: string) => ["==", ["get", "kind"], kind] as ["==", ["get", string], string];
  const wide = (narrow: number, broad: number): ["case", ["==", ["get", string], string], number, number] => ["case", ["==", ["get", "width"], "wide"], broad, narrow];
  const width = (narrow: number, broad: number) =>
    ["interpolate", ["exponential", 2], ["zoom"], 13, wide(narrow / 4, broad / 4), 18, wide(narrow * 4, broad * 4)] as never;
  return [
    { id: "grid", type: "line", source: "ground", filter: of("grid"), paint: { "line-color": edge, "line-width": 1, "line-opacity": 0.6 } },
    { id: "water", type: "fill", source: "ground", filter: of("water"), paint: { "fill-color": water } },
    { id: "park", type: "fill", source: "ground", filter: of("park"), paint: { "fill-color": park } },
    { id: "building", type: "fill", source: "ground", filter: of("building"), paint: { "fill-color": building } },
    { id: "street-edge", type: "line", source: "ground", filter: of("street"), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": edge, "line-width": width(5, 7) } },
    { id: "street", type: "line", source: "ground", filter: of("street"), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": street, "line-width": width(4, 6) } },
    { id: "square", type: "fill", source: "ground", filter: of("square"), paint: { "fill-color": street } },
    named("street-name", "ground", ["==", ["get", "kind"], "street"], colours, "line"),
    named("area-name", "ground", ["in", ["get", "kind"], ["literal", ["park", "square", "water"]]], colours, "point"),
  ];
}

function named(id: string, source: string, filter: unknown, colours: Colours, placement: "line" | "point"): LayerSpecification {
  return {
    id,
    type: "symbol",
    source,
    filter: filter as never,
    minzoom: 14,
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "symbol-placement": placement },
    paint: { "text-color": colours.quiet, "text-halo-color": colours.paper, "text-halo-width": 1.5 },
  };
}

/** Of the two ways in which vector maps of OpenStreetMap name their layers (Protomaps, OpenMapTiles), what is there. */
function vectorLayers(there: readonly string[], colours: Colours): LayerSpecification[] {
  const { water, park, building, street, edge } = tints(colours);
  const fills: readonly (readonly [string, string])[] = [["landcover", park], ["landuse", park], ["park", park], ["water", water], ["buildings", building], ["building", building]];
  const lines = ["roads", "transportation"];
  const names = ["roads", "transportation_name", "places", "place"];
  const has = (name: string) => there.includes(name);
  return [
    ...fills.filter(([name]) => has(name)).map(([name, colour]): LayerSpecification => ({
      id: `fill-${name}`, type: "fill", source: "ground", "source-layer": name, filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colour, "fill-opacity": colour === park ? 0.5 : 1 },
    })),
    ...lines.filter(has).flatMap((name): LayerSpecification[] => [
      { id: `edge-${name}`, type: "line", source: "ground", "source-layer": name, paint: { "line-color": edge, "line-width": ["interpolate", ["exponential", 2], ["zoom"], 12, 1, 18, 16] } },
      { id: `line-${name}`, type: "line", source: "ground", "source-layer": name, paint: { "line-color": street, "line-width": ["interpolate", ["exponential", 2], ["zoom"], 12, 0.6, 18, 13] } },
    ]),
    ...names.filter(has).map((name): LayerSpecification => ({
      id: `name-${name}`, type: "symbol", source: "ground", "source-layer": name, minzoom: name.startsWith("place") ? 0 : 14,
      layout: {
        "text-field": ["coalesce", ["get", "name:it"], ["get", "name"], ""],
        "text-font": FONT,
        "text-size": 12,
        "symbol-placement": name.startsWith("place") ? "point" : "line",
      },
      paint: { "text-color": colours.quiet, "text-halo-color": colours.paper, "text-halo-width": 1.5 },
    })),
  ];
}

function cameraLayers(colours: Colours): LayerSpecification[] {
  const chosen = ["boolean", ["get", "isChosen"], false] as never;
  return [
    { id: "sights", type: "fill", source: "sights", paint: { "fill-color": colours.primary, "fill-opacity": ["case", chosen, 0.4, 0.18] } },
    { id: "sight-edges", type: "line", source: "sights", paint: { "line-color": colours.primary, "line-width": ["case", chosen, 3, 1] } },
    {
      id: "cameras",
      type: "symbol",
      source: "cameras",
      layout: {
        "icon-image": ["get", "mark"],
        "icon-allow-overlap": true,
        "icon-size": ["case", chosen, 1.4, 1] as never,
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "top",
        "text-offset": [0, 1.1],
        "text-optional": true,
      },
      paint: { "text-color": colours.ink, "text-halo-color": colours.paper, "text-halo-width": 2 },
    },
  ];
}
