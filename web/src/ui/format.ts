// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, useContext, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { isLanguage } from "../core/i18n/language";
import { Format } from "../core/time/format";

/** The town's, once it is known. */
export const Zone = createContext("Europe/Rome");

/** Times and numbers in the person's language and the town's zone. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  const zone = useContext(Zone);
  const language = isLanguage(i18n.language) ? i18n.language : "it";
  return useMemo(() => new Format(language, zone), [language, zone]);
}
