// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { takeToken } from "../../app/token";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { NewPassword, passwordFault } from "./NewPassword";
import { StepForm } from "./StepForm";

/** A one-time link for one person: the password is theirs from the first moment. */
export function UseLink({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [token] = useState(takeToken);
  const [said, setSaid] = useState({ password: "", again: "" });
  const [isAsked, setAsked] = useState(false);
  const look = useCallback((signal: AbortSignal) => client.call("POST /link", { token }, { signal }), [client, token]);
  const { value, error } = useResource(look);

  function submit(): void {
    setAsked(true);
    if (passwordFault(said) !== null) return;
    const { password } = said;
    action.run(async () => onStep(await client.call("POST /link/password", { token, password })));
  }

  if (token === "") return <Alert kind="info">{t("link.no_link")}</Alert>;
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} />;
  return (
    <StepForm title={t("link.title")} text={t("link.text", { name: value.name })} error={action.error} onSubmit={submit}>
      <NewPassword said={said} isAsked={isAsked} onSay={setSaid} autoFocus />
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}
