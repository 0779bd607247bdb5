// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { Client } from "./core/api/client";
import { startWords, words } from "./core/i18n";
import { firstLanguage } from "./core/i18n/language";
import { Session } from "./core/session/session";
import { keptTheme, setTheme } from "./core/theme";
import { initReactI18next } from "react-i18next";
import { placeIcons } from "./ui/Icon";

async function start(): Promise<void> {
  setTheme(keptTheme(localStorage), localStorage, document);
  placeIcons(document);
  words.use(initReactI18next);
  await startWords(firstLanguage(localStorage, navigator.languages));
  const session = new Session(new Client());
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  createRoot(root).render(
    <StrictMode>
      <App session={session} />
    </StrictMode>,
  );
  await session.begin();
}

void start();
