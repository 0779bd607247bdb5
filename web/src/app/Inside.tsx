// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useMemo } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";

import { watchIdle } from "../core/session/idle";
import { Unlock } from "../screens/sign-in/Unlock";
import { routes } from "../screens/routes";
import { Dialog, HiddenContext } from "../ui/Dialog";
import { useTranslation } from "react-i18next";
import { Alarms } from "./Alarms";
import { Curtains } from "./Curtains";
import { useMe, useSession, useStanding } from "./session";
import { station } from "./station";
import { followWishes } from "./wishes";

/** What a signed-in person sees: the screens, and the lock before them. What moves below goes on moving. */
export function Inside() {
  const { t } = useTranslation();
  const me = useMe();
  const standing = useStanding();
  const isLocked = standing.phase === "signed-in" && standing.isLocked;
  const router = useMemo(() => createBrowserRouter(routes()), []);
  useIdleLock(me.idle_s * 1000, isLocked);
  useEffect(() => void followWishes(me.wishes.language, me.wishes.theme), [me.person.id]); // eslint-disable-line react-hooks/exhaustive-deps -- at signing in, not when they change here

  return (
    <>
      <HiddenContext value={isLocked}>
        <Curtains>
          <Alarms>
            <RouterProvider router={router} />
          </Alarms>
        </Curtains>
      </HiddenContext>
      {isLocked ? (
        <Dialog title={t("lock.title")}>
          <Unlock isInDialog />
        </Dialog>
      ) : null}
    </>
  );
}

function useIdleLock(idleMs: number, isLocked: boolean): void {
  const session = useSession();
  useEffect(() => {
    if (isLocked) return undefined;
    return watchIdle(window, {
      idleMs,
      onActive: () => void session.client.call("POST /active", {}).catch(() => undefined),
      onHand: () => station.tell({ kind: "active" }),
      others: (act) => station.hear("active", act),
      onIdle: () => void session.lock().catch(() => undefined),
    });
  }, [session, idleMs, isLocked]);
}
