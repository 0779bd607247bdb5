// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

interface Props {
  readonly other: string;
  readonly onStep: (step: SignInStep) => Promise<void>;
}

/** One session a person (AC-01): the one at the other station ends only when they say so. */
export function TakeOver({ other, onStep }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  return (
    <StepForm
      title={t("sign_in.elsewhere_title")}
      text={t("sign_in.elsewhere_text", { other })}
      error={action.error}
      onSubmit={() => action.run(async () => onStep(await client.call("POST /sign-in/take-over", {})))}
    >
      <Button isSubmit isBusy={action.isBusy} autoFocus>
        {t("sign_in.elsewhere_go")}
      </Button>
    </StepForm>
  );
}
