// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import "maplibre-gl/dist/maplibre-gl.css";

import type { Feature, FeatureCollection } from "geojson";
import { addProtocol, type GeoJSONSource, Map, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

import type { Position } from "../api/cameras";
import { addMarks, type Mark } from "./marks";
import { around, sector } from "./sector";
import { type Colours, coloursOf, makeStyle, type Under } from "./style";

setWorkerUrl(worker);

/** A camera as the map shows it. */
export interface Pin {
  readonly id: string;
  readonly label: string;
  readonly position: Position;
  readonly mark: Mark;
}

interface Told {
  readonly onChoose: (id: string) => void;
  readonly onError: (text: string) => void;
}

const CLOSE = 16; // zoom at which one camera is looked at

/** A map in an element. It asks no other host, and follows the page's theme. */
export class TownMap {
  readonly #map: Map;
  readonly #under: Under;
  readonly #told: Told;
  readonly #watch: MutationObserver;
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  #pins: readonly Pin[] = [];
  #chosen: string | null = null;
  #colours: Colours;
  #hasFitted = false;
  #hasMarks = false; // not while a theme takes another's place

  constructor(element: HTMLElement, under: Under, label: string, told: Told) {
    this.#under = under;
    this.#told = told;
    this.#colours = coloursOf(document);
    this.#map = new Map({
      container: element,
      style: makeStyle(under, this.#colours),
      attributionControl: false,
      center: [10.0245, 45.1333],
      zoom: 14,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: { "Map.Title": label },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.on("error", ({ error }) => this.#told.onError(error.message));
    this.#map.on("style.load", () => this.#draw());
    this.#map.on("click", "cameras", ({ features }) => this.#choose(features?.[0]?.properties["id"]));
    this.#map.on("mousemove", "cameras", () => this.#point("pointer"));
    this.#map.on("mouseleave", "cameras", () => this.#point(""));
    Object.assign(element, { townMap: this.#map }); // for tests, which ask what is drawn
    this.#watch = new MutationObserver(this.#retheme);
    for (const link of document.querySelectorAll("link[data-theme]")) this.#watch.observe(link, { attributeFilter: ["media"] });
    this.#dark.addEventListener("change", this.#retheme);
  }

  show(pins: readonly Pin[], chosen: string | null): void {
    const isOther = chosen !== this.#chosen;
    this.#pins = pins;
    this.#chosen = chosen;
    if (this.#hasMarks) this.#fill();
    const pin = pins.find(({ id }) => id === chosen);
    if (isOther && pin !== undefined) this.go(pin.position.longitude, pin.position.latitude);
    else if (!this.#hasFitted) this.fit(false);
  }

  /** To a place, without a ride for whom that makes ill. */
  go(longitude: number, latitude: number): void {
    this.#hasFitted = true;
    this.#map.flyTo({ center: [longitude, latitude], zoom: Math.max(this.#map.getZoom(), CLOSE), duration: calm(600) });
  }

  /** In another language. */
  rename(label: string): void {
    this.#map.getCanvas().setAttribute("aria-label", label);
  }

  /** All cameras. */
  fit(isMoved = true): void {
    const bounds = around(this.#pins.map(({ position }) => position));
    if (bounds === null) return;
    this.#hasFitted = true;
    this.#map.fitBounds(bounds, { padding: 48, maxZoom: CLOSE, duration: isMoved ? calm(600) : 0 });
  }

  zoom(by: number): void {
    this.#map.zoomTo(this.#map.getZoom() + by, { duration: calm(200) });
  }

  remove(): void {
    this.#watch.disconnect();
    this.#dark.removeEventListener("change", this.#retheme);
    this.#map.remove();
  }

  readonly #retheme = (): void => {
    requestAnimationFrame(() => {
      const colours = coloursOf(document);
      if (colours.paper === this.#colours.paper) return;
      this.#colours = colours;
      this.#hasMarks = false;
      this.#map.setStyle(makeStyle(this.#under, colours), { diff: false });
    });
  };

  #point(cursor: string): void {
    this.#map.getCanvas().style.cursor = cursor;
  }

  #choose(id: unknown): void {
    if (typeof id === "string") this.#told.onChoose(id);
  }

  #draw(): void {
    addMarks(this.#map, this.#colours);
    this.#hasMarks = true;
    this.#fill();
  }

  #fill(): void {
    void this.#map.getSource<GeoJSONSource>("cameras")?.setData(points(this.#pins, this.#chosen));
    void this.#map.getSource<GeoJSONSource>("sights")?.setData(sights(this.#pins, this.#chosen));
  }
}

/** The town's PMTiles: what kind of tiles, and which layers are in them. */
export async function openTiles(url: string, note: string): Promise<Under> {
  const { PMTiles, Protocol, TileType } = await import("pmtiles");
  const file = new PMTiles(url);
  const protocol = new Protocol();
  protocol.add(file);
  addProtocol("pmtiles", protocol.tile);
  const { tileType } = await file.getHeader();
  if (tileType !== TileType.Mvt) return { kind: "raster", url: `pmtiles://${url}`, note };
  const said = (await file.getMetadata()) as { readonly vector_layers?: readonly { readonly id: string }[] };
  return { kind: "vector", url: `pmtiles://${url}`, layers: (said.vector_layers ?? []).map(({ id }) => id), note };
}

function points(pins: readonly Pin[], chosen: string | null): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: pins.map(
      ({ id, label, mark, position }): Feature => ({
        type: "Feature",
        properties: { id, label, mark, isChosen: id === chosen },
        geometry: { type: "Point", coordinates: [position.longitude, position.latitude] },
      }),
    ),
  };
}

function sights(pins: readonly Pin[], chosen: string | null): FeatureCollection {
  const features = pins.flatMap(({ id, position }): Feature[] => {
    const geometry = sector(position);
    return geometry === null ? [] : [{ type: "Feature", properties: { id, isChosen: id === chosen }, geometry }];
  });
  return { type: "FeatureCollection", features };
}

function calm(ms: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}
