// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";
import type { Station } from "./channel";

const KEY = "torrazzo-curtain";
const AGAIN_MS = 5000;

/** Tells the server; raises where that does not hear it. */
export type Tell = (isDrawn: boolean) => Promise<void>;

export interface CurtainState {
  readonly isDrawn: boolean;
  /** False: the server has not heard of it yet; it is told again. */
  readonly isTold: boolean;
}

/**
 * The privacy curtain of a station (AC-08): first every picture of every window goes, then the server is told. It stays
 * drawn for whoever reloads or restarts the browser, until somebody opens it.
 */
export class Curtain {
  readonly state: Store<CurtainState>;
  #round = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #leave: () => void;

  constructor(
    readonly station: Station,
    readonly page: Document,
    readonly storage: Storage,
    readonly tell: Tell,
  ) {
    this.state = new Store<CurtainState>({ isDrawn: storage.getItem(KEY) === "drawn", isTold: true });
    this.#hide();
    this.#leave = station.hear("curtain", ({ isDrawn }) => this.#set(isDrawn, true));
  }

  draw(): void {
    if (this.state.get().isDrawn) return;
    this.#set(true, false);
    this.station.tell({ kind: "curtain", isDrawn: true });
    this.#round += 1;
    void this.#say(this.#round);
  }

  /** The server first: it shows nothing to a station that it takes for curtained. Raises what `tell` raises. */
  async open(): Promise<void> {
    this.#round += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.tell(false);
    this.#set(false, true);
    this.station.tell({ kind: "curtain", isDrawn: false });
  }

  /** What the server knows of this station, asked at the start: drawn by either side is drawn. */
  agree(isDrawnThere: boolean): void {
    const { isDrawn } = this.state.get();
    if (isDrawn === isDrawnThere) return;
    this.#set(true, isDrawnThere);
    if (isDrawnThere) return;
    this.#round += 1;
    void this.#say(this.#round);
  }

  /** Nothing is heard or told any more; what is drawn stays so. */
  leave(): void {
    this.#leave();
    this.#round += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #say(round: number): Promise<void> {
    try {
      await this.tell(true);
      if (round === this.#round) this.state.set({ isDrawn: true, isTold: true });
    } catch {
      if (round === this.#round) this.#timer = setTimeout(() => void this.#say(round), AGAIN_MS);
    }
  }

  #set(isDrawn: boolean, isTold: boolean): void {
    if (isDrawn) this.storage.setItem(KEY, "drawn");
    else this.storage.removeItem(KEY);
    this.state.set({ isDrawn, isTold });
    this.#hide();
  }

  /** By an attribute that the stylesheet knows: it waits for nothing that draws the page. */
  #hide(): void {
    const { isDrawn } = this.state.get();
    this.page.documentElement.toggleAttribute("data-curtain", isDrawn);
    if (!isDrawn) return;
    for (const media of this.page.querySelectorAll<HTMLMediaElement>("video, audio")) {
      media.muted = true;
      media.pause();
    }
  }
}
