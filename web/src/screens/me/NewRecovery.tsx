// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useAction } from "../../ui/useAction";
import { Fresh } from "../sign-in/Fresh";
import { RecoverySheet } from "../sign-in/RecoverySheet";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Ten new ones, shown once; those before are void as soon as these are there. */
export function NewRecovery({ name, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [codes, setCodes] = useState<readonly string[] | null>(null);

  if (codes !== null) {
    return (
      <Dialog title={t("ways.recovery_new")}>
        <RecoverySheet name={name} codes={codes} onKept={() => Promise.resolve().then(onDone)} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t("ways.recovery_new")} onClose={onClose}>
      <Fresh>
        <StepForm
          title=""
          text={t("ways.recovery_text")}
          error={action.error}
          onSubmit={() => action.run(async () => setCodes((await client.call("POST /me/recovery", {})).codes))}
          isBare
        >
          <Button isSubmit autoFocus isBusy={action.isBusy}>
            {t("ways.recovery_go")}
          </Button>
        </StepForm>
      </Fresh>
    </Dialog>
  );
}
