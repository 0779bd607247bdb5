// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly done: string;
  readonly onGo: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** What one person does at once, since it takes away: with a reason. */
export function TakeBack({ title, text, button, done, onGo, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const action = useAction();
  const notify = useNotify();
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (reason.trim() === "") return;
    action.run(async () => {
      await onGo(reason.trim());
      notify("success", done);
      onDone();
    });
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <StepForm title="" text={text} error={action.error} onSubmit={submit} isBare>
        <TextArea
          label={t("people.reason")}
          autoFocus
          value={reason}
          error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit kind="danger" isBusy={action.isBusy}>
          {button}
        </Button>
      </StepForm>
    </Dialog>
  );
}
