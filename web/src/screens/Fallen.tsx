// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";

import { useClient } from "../app/session";
import { Refused } from "../core/api/client";
import { Failed } from "../ui/States";
import { useAction } from "../ui/useAction";
import { NotLoaded } from "./Loaded";

const AGAIN_MS = 5000;
const LOADED_AT = "torrazzo-loaded-anew";
const REST_MS = 60_000; // between two times that the page loads itself anew

/** In the place of a screen that could not be shown; the navigation stays. What did not come is tried again by itself. */
export function Fallen() {
  const { t } = useTranslation();
  const client = useClient();
  const error = useRouteError();
  const { run } = useAction();
  const isAway = error instanceof NotLoaded;
  // What did not come once does not come whole into the same page: only one that is loaded anew has it.
  const anew = useCallback(async () => {
    try {
      await client.call("GET /me", undefined);
    } catch (refused) {
      if (!(refused instanceof Refused)) return; // else the browser's own page would be here, and stay
    }
    sessionStorage.setItem(LOADED_AT, String(Date.now()));
    location.reload();
  }, [client]);

  useEffect(() => {
    if (!isAway) return undefined;
    const again = (): void => {
      if (Date.now() - Number(sessionStorage.getItem(LOADED_AT) ?? "0") > REST_MS) void anew();
    };
    again();
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  }, [isAway, anew]);

  return (
    <>
      <h1 className="visually-hidden">{t(isAway ? "ui.away" : "ui.failed")}</h1>
      <Failed error={error} onRetry={() => run(anew)} />
    </>
  );
}
