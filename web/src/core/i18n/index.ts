// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import i18next, { type i18n } from "i18next";

import type { Language } from "../api/types";
import type italian from "../../i18n/it.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "words";
    resources: { words: typeof italian };
    strictKeyChecks: true;
  }
}

type Words = typeof italian;

const WORDS: Record<Language, () => Promise<Words>> = {
  it: async () => (await import("../../i18n/it.json")).default,
  en: async () => (await import("../../i18n/en.json")).default as Words,
};

export const words: i18n = i18next.createInstance();

/** Before the first word is shown; another language's words are loaded when it is chosen. */
export async function startWords(language: Language): Promise<void> {
  await words.init({
    lng: language,
    fallbackLng: false,
    defaultNS: "words",
    ns: ["words"],
    resources: { [language]: { words: await WORDS[language]() } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = language;
}

let wanted: Language | null = null;

export async function speak(language: Language): Promise<void> {
  wanted = language;
  if (!words.hasResourceBundle(language, "words")) {
    words.addResourceBundle(language, "words", await WORDS[language]());
  }
  if (wanted !== language) return; // another was chosen while this one's words came
  await words.changeLanguage(language);
  document.documentElement.lang = language;
}
