// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Digital zoom of one picture: how large, and which point of it stands in the middle (0 to 1). Pure. */

export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0.5, y: 0.5 };
export const LARGEST = 16;
const STEP = 1.5;

/** No edge comes into the picture. */
export function within({ scale, x, y }: Zoom): Zoom {
  const size = Math.min(LARGEST, Math.max(1, scale));
  const half = 0.5 / size;
  const limit = (value: number) => Math.min(1 - half, Math.max(half, value));
  return { scale: size, x: limit(x), y: limit(y) };
}

/** So much larger, with the point at (`atX`, `atY`) of the tile where it was. */
export function zoomed(zoom: Zoom, factor: number, atX = 0.5, atY = 0.5): Zoom {
  const scale = Math.min(LARGEST, Math.max(1, zoom.scale * factor));
  const keep = (middle: number, at: number) => middle + (at - 0.5) / zoom.scale - (at - 0.5) / scale;
  return within({ scale, x: keep(zoom.x, atX), y: keep(zoom.y, atY) });
}

/** By parts of the tile. */
export function panned(zoom: Zoom, byX: number, byY: number): Zoom {
  return within({ scale: zoom.scale, x: zoom.x + byX / zoom.scale, y: zoom.y + byY / zoom.scale });
}

/** What a key on a tile does; null: nothing. */
export function zoomKey(key: string, zoom: Zoom): Zoom | null {
  const pan = 0.1;
  if (key === "+" || key === "=") return zoomed(zoom, STEP);
  if (key === "-" || key === "_") return zoomed(zoom, 1 / STEP);
  if (key === "0") return WHOLE;
  if (zoom.scale === 1) return null;
  if (key === "ArrowLeft") return panned(zoom, -pan, 0);
  if (key === "ArrowRight") return panned(zoom, pan, 0);
  if (key === "ArrowUp") return panned(zoom, 0, -pan);
  if (key === "ArrowDown") return panned(zoom, 0, pan);
  return null;
}

export function transformOf({ scale, x, y }: Zoom): string {
  return scale === 1 ? "none" : `scale(${scale}) translate(${(0.5 - x) * 100}%, ${(0.5 - y) * 100}%)`;
}
