// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { SignInStep } from "../../core/api/types";
import { askPasskey } from "../../core/session/passkey";
import { Button } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

/** The browser asks for the key only when the button is pressed: some refuse what no gesture began. */
export function PasskeyForm({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const isRefusedHere = action.error instanceof DOMException;

  function submit(): void {
    action.run(async () => {
      const { options } = await client.call("POST /sign-in/passkey/options", {});
      const credential = await askPasskey(options);
      await onStep(await client.call("POST /sign-in/passkey", { credential }));
    });
  }

  return (
    <StepForm
      title={t("sign_in.passkey_title")}
      text={t("sign_in.passkey_text")}
      error={isRefusedHere ? undefined : action.error}
      onSubmit={submit}
    >
      {isRefusedHere ? <Alert kind="danger">{t("errors.passkey_not_given")}</Alert> : null}
      <Button isSubmit isBusy={action.isBusy} icon="key" autoFocus>
        {t("sign_in.passkey_go")}
      </Button>
    </StepForm>
  );
}
