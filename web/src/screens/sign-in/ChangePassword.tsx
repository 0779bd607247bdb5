// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useAction } from "../../ui/useAction";
import { NewPassword, passwordFault } from "./NewPassword";
import { StepForm } from "./StepForm";

export function ChangePassword({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [said, setSaid] = useState({ password: "", again: "" });
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (passwordFault(said) !== null) return;
    action.run(async () => onStep(await client.call("POST /sign-in/password", { password: said.password })));
  }

  return (
    <StepForm title={t("sign_in.change_title")} text={t("sign_in.change_text")} error={action.error} onSubmit={submit}>
      <NewPassword said={said} isAsked={isAsked} onSay={setSaid} autoFocus />
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}
