// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { PasswordField } from "../../ui/Field";

export const LEAST = 12;

export interface SaidTwice {
  readonly password: string;
  readonly again: string;
}

export type PasswordFault = "password_short" | "password_differs";

/** What the page sees itself; the server decides. */
export function passwordFault({ password, again }: SaidTwice): PasswordFault | null {
  if (password.length < LEAST) return "password_short";
  return password === again ? null : "password_differs";
}

interface Props {
  readonly said: SaidTwice;
  readonly isAsked: boolean;
  readonly autoFocus?: boolean;
  readonly error?: string | undefined;
  readonly onSay: (said: SaidTwice) => void;
}

export function NewPassword({ said, isAsked, autoFocus = false, error, onSay }: Props) {
  const { t } = useTranslation();
  const fault = isAsked ? passwordFault(said) : null;
  return (
    <>
      <PasswordField
        label={t("sign_in.new_password")}
        hint={t("sign_in.new_password_hint", { least: LEAST })}
        autoComplete="new-password"
        autoFocus={autoFocus}
        value={said.password}
        error={fault === "password_short" ? t("errors.password_short", { least: LEAST }) : error}
        onChange={(password) => onSay({ ...said, password })}
      />
      <PasswordField
        label={t("sign_in.new_password_again")}
        autoComplete="new-password"
        value={said.again}
        error={fault === "password_differs" ? t("errors.password_differs") : undefined}
        onChange={(again) => onSay({ ...said, again })}
      />
    </>
  );
}
