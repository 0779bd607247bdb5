// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props<T> {
  readonly title: string;
  readonly text?: string;
  readonly button: string;
  readonly done: string;
  /** Of the reason; `people.reason` where nothing is said. */
  readonly label?: string;
  readonly hint?: string;
  readonly isPrimary?: boolean;
  readonly children?: (told: Told) => ReactNode;
  /** No: something is missing, and the fields say what. */
  readonly isWhole?: () => boolean;
  readonly onGo: (reason: string) => Promise<T>;
  readonly onClose: () => void;
  readonly onDone: (value: T) => void;
}

/** What the fields above the reason are told. */
export interface Told {
  readonly isAsked: boolean;
  readonly error: unknown;
}

/** What one person does, or applies for, with a reason. */
export function ReasonDialog<T>({ title, text, button, done, label, hint, isPrimary = false, children, isWhole, onGo, onClose, onDone }: Props<T>) {
  const { t } = useTranslation();
  const action = useAction();
  const notify = useNotify();
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (isWhole?.() === false || reason.trim() === "") return;
    action.run(async () => {
      const value = await onGo(reason.trim());
      notify("success", done);
      onDone(value);
    });
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <StepForm title={title} error={action.error} onSubmit={submit} isBare {...(text === undefined ? {} : { text })}>
        {children?.({ isAsked, error: action.error })}
        <TextArea
          label={label ?? t("people.reason")}
          hint={hint}
          autoFocus={children === undefined}
          value={reason}
          error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit kind={isPrimary ? "primary" : "danger"} isBusy={action.isBusy}>
          {button}
        </Button>
      </StepForm>
    </Dialog>
  );
}
