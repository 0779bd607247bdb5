// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { Language, Theme } from "../core/api/types";
import { LANGUAGES } from "../core/i18n/language";
import { THEMES } from "../core/theme";

interface SwitchProps<T extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly label: string; readonly lang?: string }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** A few choices of which one holds at once. */
export function Switch<T extends string>({ label, options, chosen, onChoose }: SwitchProps<T>) {
  return (
    <div className="switch" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          lang={option.lang}
          aria-pressed={option.value === chosen}
          onClick={() => onChoose(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

const NAMES: Record<Language, string> = { it: "Italiano", en: "English" };

export function LanguageSwitch({ chosen, onChoose }: { readonly chosen: string; readonly onChoose: (language: Language) => void }) {
  const { t } = useTranslation();
  const options = LANGUAGES.map((value) => ({ value, label: NAMES[value], lang: value }));
  return <Switch label={t("ui.language")} options={options} chosen={chosen} onChoose={(value) => onChoose(value as Language)} />;
}

export function ThemeSwitch({ chosen, onChoose }: { readonly chosen: Theme; readonly onChoose: (theme: Theme) => void }) {
  const { t } = useTranslation();
  const options = THEMES.map((value) => ({ value, label: t(`ui.theme_${value}`) }));
  return <Switch label={t("ui.theme")} options={options} chosen={chosen} onChoose={onChoose} />;
}
