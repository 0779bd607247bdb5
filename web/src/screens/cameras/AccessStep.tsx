// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { PasswordField, TextField } from "../../ui/Field";

/** What is known of the new camera so far. */
export interface Found {
  /** Its ONVIF device; null: its streams are named by hand. */
  readonly device: string | null;
  readonly url: string;
  readonly sub: string;
  readonly user: string;
  readonly password: string;
  readonly name: string;
  readonly place: string;
}

interface Props {
  readonly found: Found;
  readonly onBack: () => void;
  readonly onGo: (found: Found) => void;
}

/** User and password at the camera, and its streams where no device tells them. */
export function AccessStep({ found, onBack, onGo }: Props) {
  const { t } = useTranslation();
  const [said, setSaid] = useState(found);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    onGo({ ...said, url: said.url.trim(), sub: said.sub.trim(), user: said.user.trim() });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      {found.device === null ? (
        <>
          <TextField label={t("cameras.url")} hint={t("cameras.url_hint")} value={said.url} onChange={(url) => setSaid({ ...said, url })} autoComplete="off" spellCheck={false} />
          <TextField label={t("cameras.sub_url")} hint={t("cameras.sub_url_hint")} value={said.sub} onChange={(sub) => setSaid({ ...said, sub })} autoComplete="off" spellCheck={false} />
        </>
      ) : (
        <p>
          {t("cameras.device")}: <code>{found.device}</code>
        </p>
      )}
      <TextField label={t("cameras.user")} hint={t("cameras.user_hint")} value={said.user} onChange={(user) => setSaid({ ...said, user })} autoComplete="off" autoCapitalize="none" spellCheck={false} />
      <PasswordField label={t("cameras.password")} hint={t("cameras.password_hint")} value={said.password} onChange={(password) => setSaid({ ...said, password })} autoComplete="new-password" />
      <div className="buttons">
        <Button isSubmit>{t("cameras.go_check")}</Button>
        <Button kind="quiet" onClick={onBack}>{t("cameras.back")}</Button>
      </div>
    </form>
  );
}
