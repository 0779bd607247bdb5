// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ComponentType, useEffect, useState } from "react";

import { Away } from "../core/api/client";
import { Loading } from "../ui/States";

/** What a screen is made of did not come: nobody answers, or there is another version now. */
export class NotLoaded extends Away {}

type Load = () => Promise<ComponentType>;
type Got = { readonly Content: ComponentType } | { readonly error: NotLoaded };

const SOON_MS = 400;
const LOADED = new Map<Load, Got>();

/** A screen's content, fetched when it is first opened; a wait is told. Raises `NotLoaded` to the route's error element. */
export function Loaded({ load }: { readonly load: Load }) {
  const [got, setGot] = useState<Got | undefined>(() => LOADED.get(load));
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (LOADED.has(load)) return undefined;
    let isLeft = false;
    const keep = (found: Got): void => {
      LOADED.set(load, found);
      if (!isLeft) setGot(found);
    };
    const timer = setTimeout(() => setLong(true), SOON_MS);
    load().then(
      (Content) => {
        keep({ Content });
      },
      (cause: unknown) => {
        keep({ error: new NotLoaded(cause) }); // for good: of what is asked for again the styles would be missing
      },
    );
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [load]);
  if (got === undefined) return isLong ? <Loading /> : null;
  if ("error" in got) throw got.error;
  return <got.Content />;
}
