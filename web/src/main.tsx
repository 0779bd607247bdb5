// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";

import { App } from "./app/App";
import { station } from "./app/station";
import { followOtherWindows } from "./app/wishes";
import { Client } from "./core/api/client";
import { startWords, words } from "./core/i18n";
import { firstLanguage } from "./core/i18n/language";
import { Session } from "./core/session/session";
import { keptTheme, setTheme } from "./core/theme";
import { placeIcons } from "./ui/Icon";
import { Notices } from "./ui/Notices";

async function start(): Promise<void> {
  setTheme(keptTheme(localStorage), localStorage, document);
  placeIcons(document);
  words.use(initReactI18next);
  await startWords(firstLanguage(localStorage, navigator.languages));
  followOtherWindows();
  if (__GALLERY__ && location.pathname === "/ui") {
    const { Gallery } = await import("./gallery/Gallery");
    show(
      <Notices>
        <Gallery />
      </Notices>,
    );
    return;
  }
  const session = new Session(new Client(), sessionStorage);
  session.onChanged = () => station.tell({ kind: "session" });
  station.hear("session", () => void session.refresh());
  show(<App session={session} />);
  await session.begin();
}

function show(content: ReactNode): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  createRoot(root).render(<StrictMode>{content}</StrictMode>);
}

void start();
