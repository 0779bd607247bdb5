// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Wanted } from "../../core/api/people";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly title: string;
  readonly text?: string;
  /** Null: something is missing, and the fields say what. */
  readonly wanted: () => Wanted | null;
  readonly children?: (told: { readonly isAsked: boolean; readonly error: unknown }) => ReactNode;
  readonly onClose: () => void;
  readonly onProposed: () => void;
}

/** What is wanted, and why: it is done when another person has approved it. */
export function ApplyDialog({ title, text, wanted, children, onClose, onProposed }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const notify = useNotify();
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    const said = wanted();
    if (said === null || reason.trim() === "") return;
    action.run(async () => {
      await client.call("POST /proposals", { wanted: said, reason: reason.trim() });
      notify("success", t("people.proposed"));
      onProposed();
    });
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <StepForm title={title} error={action.error} onSubmit={submit} isBare {...(text === undefined ? {} : { text })}>
        {children?.({ isAsked, error: action.error })}
        <TextArea
          label={t("people.reason")}
          hint={t("people.reason_hint")}
          value={reason}
          error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit isBusy={action.isBusy}>
          {t("people.propose")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
