// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState, useSyncExternalStore } from "react";

import { Deck, type DeckState, type Reach } from "../../core/playback/deck";

/** A deck for as long as the screen is there. */
export function useDeck(at: number, reach: Reach | null): Deck {
  const [deck] = useState(() => new Deck(at));
  useEffect(() => {
    deck.begin();
    return () => deck.end();
  }, [deck]);
  useEffect(() => {
    if (reach !== null) deck.open(reach);
    else deck.close();
  }, [deck, reach]);
  return deck;
}

export function useDeckState(deck: Deck): DeckState {
  return useSyncExternalStore(deck.state.subscribe, deck.state.get);
}
