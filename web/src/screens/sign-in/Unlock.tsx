// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useSession, useStanding } from "../../app/session";
import { Button } from "../../ui/Button";
import { PasswordField } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { ProviderButton } from "./ByProvider";
import { StepForm } from "./StepForm";

/** The same person goes on with their password; another one signs out first. */
export function Unlock({ isInDialog = false }: { readonly isInDialog?: boolean }) {
  const { t } = useTranslation();
  const session = useSession();
  const standing = useStanding();
  const provider = "town" in standing ? standing.town.provider : null;
  const action = useAction();
  const [password, setPassword] = useState("");

  function submit(): void {
    if (password === "") return;
    action.run(async () => {
      setPassword("");
      await session.unlock(password);
    });
  }
  async function leave(): Promise<void> {
    await session.signOut().catch(() => undefined);
    await session.begin();
  }

  return (
    <StepForm title={t("lock.title")} text={t("lock.text")} error={action.error} onSubmit={submit} isBare={isInDialog}>
      <PasswordField
        label={t("sign_in.password")}
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={setPassword}
      />
      <div className="buttons">
        <Button isSubmit isBusy={action.isBusy} icon="unlocked">
          {t("lock.unlock")}
        </Button>
        <Button kind="secondary" icon="logout" onClick={() => void leave()}>
          {t("ui.sign_out")}
        </Button>
      </div>
      {provider === null ? null : <ProviderButton name={provider} />}
    </StepForm>
  );
}
