// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { FrameTimes } from "./frame-times";

const AROUND_MS = 20_000;
const EDGE_MS = 2000; // so near to the end of what is known, more is asked for
const MOST = 24;

/** Times of frames by camera, asked for once: 20 s around a moment at a time. */
export class FrameCache {
  readonly #kept = new Map<string, Promise<FrameTimes>>();

  constructor(private readonly read: (camera: string, from: number, to: number) => Promise<FrameTimes>) {}

  around(camera: string, at: number): Promise<FrameTimes> {
    const slot = Math.round(at / (AROUND_MS - EDGE_MS));
    const name = `${camera} ${slot}`;
    const found = this.#kept.get(name);
    if (found !== undefined) return found;
    const middle = slot * (AROUND_MS - EDGE_MS);
    const read = this.read(camera, middle - AROUND_MS, middle + AROUND_MS);
    this.#kept.set(name, read);
    read.catch(() => this.#kept.delete(name));
    const oldest = this.#kept.size > MOST ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    return read;
  }
}
