// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Deck } from "../../core/playback/deck";
import { nextGap, type Row } from "../../core/timeline/rows";

/** What keys of the player do beside those of a tile and of the timeline. */
export interface Hands {
  readonly deck: Deck;
  readonly rows: readonly Row[];
  readonly toggle: () => void;
  readonly step: (direction: 1 | -1) => void;
  readonly edge: (edge: "from" | "to" | null) => void;
  readonly seek: (at: number) => void;
  readonly choose: (place: number) => void;
  /** Of the picture that has the focus; -1: none has it. */
  readonly place: number;
}

/** Whether it meant something. */
export function playerKey(key: string, hands: Hands): boolean {
  const { deck, rows } = hands;
  const gap = (isForward: boolean) => {
    const at = nextGap(rows, deck.at, isForward);
    if (at !== undefined) hands.seek(at);
  };
  const known: Readonly<Record<string, () => void>> = {
    j: () => deck.shuttle(-1),
    k: hands.toggle,
    l: () => deck.shuttle(1),
    ",": () => hands.step(-1),
    ".": () => hands.step(1),
    a: () => hands.edge("from"),
    b: () => hands.edge("to"),
    n: () => gap(true),
    p: () => gap(false),
  };
  if (/^[1-9]$/.test(key)) hands.choose(Number(key) - 1);
  else if (hands.place >= 0 && /^Arrow(Left|Right)$/.test(key)) hands.choose(hands.place + (key === "ArrowLeft" ? -1 : 1));
  else if (key.toLowerCase() in known) known[key.toLowerCase()]?.();
  else return false;
  return true;
}
