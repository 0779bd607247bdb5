// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Town } from "../core/api/types";
import { LanguageSwitch, ThemeSwitch } from "../ui/Choices";
import { useChoices } from "./wishes";

/** The page outside: before anybody is signed in. */
export function Doors({ town, isWide = false, children }: { readonly town: Town; readonly isWide?: boolean; readonly children: ReactNode }) {
  const { t } = useTranslation();
  const choices = useChoices();
  return (
    <div className="doors">
      <header className="doors-head">
        <p className="brand">
          Torrazzo <span className="brand-town">{town.name}</span>
        </p>
        <div className="doors-choices">
          <LanguageSwitch chosen={choices.language} onChoose={choices.chooseLanguage} />
          <ThemeSwitch chosen={choices.theme} onChoose={choices.chooseTheme} />
        </div>
      </header>
      <main className={isWide ? "doors-main doors-main--wide" : "doors-main"}>{children}</main>
      <footer className="doors-foot">
        {town.demo ? <p>{t("ui.demo")}</p> : null}
        <p>{t("sign_in.notice")}</p>
      </footer>
    </div>
  );
}
