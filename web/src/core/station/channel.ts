// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Arrangement } from "../api/walls";

/** What the windows of one station tell each other; none of it leaves the browser. */
export type Told =
  | { readonly kind: "curtain"; readonly isDrawn: boolean }
  | { readonly kind: "wall"; readonly monitor: number; readonly arrangement: Arrangement }
  /** Somebody types or points in another window. */
  | { readonly kind: "active" }
  /** The session began, was locked or unlocked, or ended: ask the server. */
  | { readonly kind: "session" }
  | { readonly kind: "who" }
  | { readonly kind: "here"; readonly monitor: number }
  /** A monitor's window is being closed, or loaded anew: then it is here again. */
  | { readonly kind: "gone"; readonly monitor: number };

type Kind = Told["kind"];
type Of<K extends Kind> = Extract<Told, { kind: K }>;

/** One for each window. */
export class Station {
  readonly #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("torrazzo-station");

  /** All other windows hear it. */
  tell(told: Told): void {
    this.#channel?.postMessage(told);
  }

  /** What it gives ends it. */
  hear<K extends Kind>(kind: K, heard: (told: Of<K>) => void): () => void {
    const listener = ({ data }: MessageEvent<Told>): void => {
      if (data.kind === kind) heard(data as Of<K>);
    };
    this.#channel?.addEventListener("message", listener);
    return () => this.#channel?.removeEventListener("message", listener);
  }

  close(): void {
    this.#channel?.close();
  }
}
