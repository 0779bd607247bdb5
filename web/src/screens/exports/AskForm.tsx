// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import { type Purpose, PURPOSES, type RecipientClass, RECIPIENTS } from "../../core/api/exports";
import { keptSaid } from "../../core/playback/said";
import { SelectField, TextField } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import type { Said } from "./StretchFields";
import { StretchForm, type StretchFormProps } from "./StretchForm";

/** Ask for a copy: another person has to approve it. */
export function AskForm(props: StretchFormProps) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const person = useMe().person.id;
  const [purpose, setPurpose] = useState<Purpose>(() => (props.wish === null ? null : keptSaid(sessionStorage, person))?.purpose ?? "crime");
  const [to, setTo] = useState<RecipientClass>("police");
  const [recipient, setRecipient] = useState("");

  async function send(said: Said): Promise<void> {
    const { number } = await client.call("POST /exports", { ...said, purpose, recipient_class: to, recipient });
    notify("success", t("exports.asked_now", { number }));
  }

  return (
    <StretchForm {...props} title={t("exports.ask")} text={t("exports.ask_text")} go={t("exports.ask_go")} icon="files" send={send}>
      <SelectField
        label={t("exports.purpose")}
        value={purpose}
        options={PURPOSES.map((value) => ({ value, label: t(`playback.purpose_${value}`) }))}
        onChange={setPurpose}
      />
      <SelectField
        label={t("exports.recipient_class")}
        value={to}
        options={RECIPIENTS.map((value) => ({ value, label: t(`exports.to_${value}`) }))}
        onChange={setTo}
      />
      <TextField label={t("exports.recipient")} hint={t("exports.recipient_hint")} value={recipient} onChange={setRecipient} />
    </StretchForm>
  );
}
