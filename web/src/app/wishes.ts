// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Language, Theme } from "../core/api/types";
import { speak } from "../core/i18n";
import { firstLanguage, keepLanguage } from "../core/i18n/language";
import { keptTheme, setTheme } from "../core/theme";
import { useNotify } from "../ui/Notices";
import { useSession } from "./session";

interface Choices {
  readonly language: string;
  readonly theme: Theme;
  readonly chooseLanguage: (language: Language) => void;
  readonly chooseTheme: (theme: Theme) => void;
}

/** Language and theme: hold at once and on this station; signed in they are kept with the account too. */
export function useChoices(): Choices {
  const session = useSession();
  const notify = useNotify();
  const { t, i18n } = useTranslation();
  const [theme, setChosen] = useState(() => keptTheme(localStorage));
  useEffect(() => hearOtherWindows(() => setChosen(keptTheme(localStorage))), []);
  const chooseLanguage = useCallback(
    (language: Language) => {
      keepLanguage(localStorage, language);
      speak(language).catch(() => notify("warning", t("ui.away"))); // it holds from the next page on
      session.wish({ language }).catch(() => undefined); // it holds here all the same
    },
    [session, notify, t],
  );
  const chooseTheme = useCallback(
    (wanted: Theme) => {
      setTheme(wanted, localStorage, document);
      setChosen(wanted);
      session.wish({ theme: wanted }).catch(() => undefined);
    },
    [session],
  );
  return { language: i18n.language, theme, chooseLanguage, chooseTheme };
}

/** What the account wishes holds on this station from signing in on. */
export async function followWishes(language: Language | null, theme: Theme | null): Promise<void> {
  if (theme !== null && theme !== keptTheme(localStorage)) setTheme(theme, localStorage, document);
  if (language !== null) {
    keepLanguage(localStorage, language);
    await speak(language);
  }
}

/** What is chosen in one window of a station holds in all of them at once: a wall has several monitors. */
export function followOtherWindows(): () => void {
  return hearOtherWindows(() => {
    setTheme(keptTheme(localStorage), localStorage, document);
    speak(firstLanguage(localStorage, navigator.languages)).catch(() => undefined); // it holds from the next page on
  });
}

/** What it gives ends it. */
function hearOtherWindows(heard: () => void): () => void {
  window.addEventListener("storage", heard); // never for what this window keeps
  return () => window.removeEventListener("storage", heard);
}
