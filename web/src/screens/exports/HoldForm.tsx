// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import { type Cause, CAUSES, numberOf } from "../../core/api/exports";
import { msFromInstant } from "../../core/time/ticks";
import { SelectField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { useNotify } from "../../ui/Notices";
import type { Said } from "./StretchFields";
import { StretchForm, type StretchFormProps } from "./StretchForm";

/** Keep what a case needs past its life. */
export function HoldForm(props: StretchFormProps) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const format = useFormat();
  const isDesk = useMe().roles.includes("desk"); // what it holds, it holds for a request
  const [cause, setCause] = useState<Cause>(isDesk ? "citizen" : "police");

  async function send(said: Said): Promise<void> {
    const placed = await client.call("POST /holds", { ...said, cause, ...(isDesk ? { request: said.case } : {}) });
    notify("success", t("exports.held_now", { hold: numberOf(placed), ends: format.dateTime(msFromInstant(placed.ends)) }));
    if (placed.lost.length > 0) notify("danger", t("exports.held_partly"));
  }

  return (
    <StretchForm {...props} title={t("exports.hold")} text={t("exports.hold_text")} go={t("exports.hold_go")} icon="lock" send={send}>
      <SelectField
        label={t("exports.cause")}
        hint={t("exports.cause_hint")}
        value={cause}
        options={CAUSES.map((value) => ({ value, label: t(`exports.cause_${value}`) }))}
        onChange={setCause}
      />
    </StretchForm>
  );
}
