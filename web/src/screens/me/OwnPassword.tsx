// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { PasswordField } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { NewPassword, passwordFault } from "../sign-in/NewPassword";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** By the old one; other sessions of this person end. */
export function OwnPassword({ onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [old, setOld] = useState("");
  const [said, setSaid] = useState({ password: "", again: "" });
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (old === "" || passwordFault(said) !== null) return;
    action.run(async () => {
      await client.call("POST /me/password", { old, new: said.password });
      onDone();
    });
  }

  return (
    <Dialog title={t("ways.password_change")} onClose={onClose}>
      <StepForm title="" error={action.error} onSubmit={submit} isBare>
        <PasswordField
          label={t("ways.password_old")}
          autoComplete="current-password"
          autoFocus
          value={old}
          error={isAsked && old === "" ? t("errors.field_missing") : undefined}
          onChange={setOld}
        />
        <NewPassword said={said} isAsked={isAsked} onSay={setSaid} />
        <Button isSubmit isBusy={action.isBusy}>
          {t("ways.password_change")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
