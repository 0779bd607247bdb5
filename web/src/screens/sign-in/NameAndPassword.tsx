// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { PasswordField, TextField } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

export function NameAndPassword({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const isWhole = name.trim() !== "" && password !== "";
  const [isAsked, setAsked] = useState(false);
  const missing = (value: string) => (isAsked && value === "" ? t("errors.field_missing") : undefined);

  function submit(): void {
    setAsked(true);
    if (isWhole) action.run(async () => onStep(await client.call("POST /sign-in", { name: name.trim(), password })));
  }

  return (
    <StepForm title={t("sign_in.title")} error={action.error} onSubmit={submit}>
      <TextField
        label={t("sign_in.name")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        value={name}
        error={missing(name.trim())}
        onChange={setName}
      />
      <PasswordField
        label={t("sign_in.password")}
        autoComplete="current-password"
        value={password}
        error={missing(password)}
        onChange={setPassword}
      />
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go")}
      </Button>
    </StepForm>
  );
}
