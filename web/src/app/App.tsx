// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Away } from "../core/api/client";
import type { Session } from "../core/session/session";
import { DEMO_PATH, DemoDoor } from "../screens/demo/DemoDoor";
import { FirstRun } from "../screens/first-run/FirstRun";
import { SignIn } from "../screens/sign-in/SignIn";
import { Unlock } from "../screens/sign-in/Unlock";
import { Zone } from "../ui/format";
import { Notices } from "../ui/Notices";
import { Failed, Loading } from "../ui/States";
import { Doors } from "./Doors";
import { Inside } from "./Inside";
import { PROVIDER_PATH } from "./provider";
import { SessionContext, useStanding } from "./session";

export function App({ session }: { readonly session: Session }) {
  return (
    <SessionContext value={session}>
      <Notices>
        <Where session={session} />
      </Notices>
    </SessionContext>
  );
}

function Where({ session }: { readonly session: Session }) {
  const standing = useStanding();
  const zone = "town" in standing ? standing.town.zone : "Europe/Rome";
  return <Zone value={zone}>{place(session, standing)}</Zone>;
}

function place(session: Session, standing: ReturnType<typeof useStanding>): ReactNode {
  switch (standing.phase) {
    case "starting":
      return <Loading />;
    case "away":
      return <NobodyAnswers onRetry={() => void session.begin()} />;
    case "first-run":
      return <FirstRun town={standing.town} />;
    case "signed-out":
      if (location.pathname === DEMO_PATH) return <DemoDoor town={standing.town} />;
      return <SignIn town={standing.town} why={standing.why} />;
    case "locked":
      if (location.pathname === PROVIDER_PATH) return <SignIn town={standing.town} why={null} />;
      return (
        <Doors town={standing.town}>
          <Unlock />
        </Doors>
      );
    case "signed-in":
      if (location.pathname === DEMO_PATH) return <DemoDoor town={standing.town} />; // another person, in the same browser
      return <Inside />;
  }
}

const AGAIN_MS = 5000;
const NOBODY = new Away(undefined);

function NobodyAnswers({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setInterval(onRetry, AGAIN_MS);
    return () => clearInterval(timer);
  }, [onRetry]);
  return (
    <main className="alone">
      <h1 className="visually-hidden">{t("ui.away")}</h1>
      <Failed error={NOBODY} onRetry={onRetry} />
    </main>
  );
}
