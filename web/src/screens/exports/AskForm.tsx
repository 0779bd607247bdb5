// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { type Purpose, PURPOSES, type RecipientClass, RECIPIENTS } from "../../core/api/exports";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { fieldErrors } from "../../ui/errors";
import { SelectField, TextField } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";
import type { Wish } from "./stretch";
import { StretchFields, useFirstSaid, useWhole } from "./StretchFields";

interface Props {
  readonly wish: Wish | null;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Ask for a copy: another person has to approve it. */
export function AskForm({ wish, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const action = useAction();
  const whole = useWhole();
  const [said, setSaid] = useState(useFirstSaid(wish));
  const [purpose, setPurpose] = useState<Purpose>("crime");
  const [to, setTo] = useState<RecipientClass>("police");
  const [recipient, setRecipient] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    const body = whole(said);
    if (body === null) return;
    action.run(async () => {
      const { number } = await client.call("POST /exports", { ...body, purpose, recipient_class: to, recipient });
      notify("success", t("exports.asked_now", { number }));
      onDone();
    });
  }

  return (
    <Dialog title={t("exports.ask")} onClose={onClose}>
      <StepForm title={t("exports.ask")} text={t("exports.ask_text")} error={action.error} onSubmit={submit} isBare>
        <StretchFields said={said} isAsked={isAsked} errors={fieldErrors(action.error)} onSay={setSaid} />
        <SelectField
          label={t("exports.purpose")}
          value={purpose}
          options={PURPOSES.map((value) => ({ value, label: t(`exports.purpose_${value}`) }))}
          onChange={setPurpose}
        />
        <SelectField
          label={t("exports.recipient_class")}
          value={to}
          options={RECIPIENTS.map((value) => ({ value, label: t(`exports.to_${value}`) }))}
          onChange={setTo}
        />
        <TextField label={t("exports.recipient")} hint={t("exports.recipient_hint")} value={recipient} onChange={setRecipient} />
        <Button isSubmit isBusy={action.isBusy} icon="files">
          {t("exports.ask_go")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
