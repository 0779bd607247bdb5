// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, useContext, useEffect, useSyncExternalStore } from "react";

import { Station } from "../core/station/channel";
import type { Curtain, CurtainState } from "../core/station/curtain";
import { Store } from "../core/store";

/** This window among those of the station. */
export const station = new Station();

export const CurtainContext = createContext<Curtain | null>(null);

const OPEN = new Store<CurtainState>({ isDrawn: false, isTold: true });

/** Whoever shows a picture shows none while it is drawn. */
export function useCurtain(): CurtainState & { readonly curtain: Curtain | null } {
  const curtain = useContext(CurtainContext);
  const { subscribe, get } = curtain?.state ?? OPEN;
  return { ...useSyncExternalStore(subscribe, get), curtain };
}

/** Calls `act` for a key that is no character, wherever the focus is. */
export function useKey(key: string, act: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== key || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [key, act]);
}
