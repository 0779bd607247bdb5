// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { type Cause, CAUSES } from "../../core/api/exports";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { fieldErrors } from "../../ui/errors";
import { SelectField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
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

/** Keep what a case needs past its life. */
export function HoldForm({ wish, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const format = useFormat();
  const action = useAction();
  const whole = useWhole();
  const [said, setSaid] = useState(useFirstSaid(wish));
  const [cause, setCause] = useState<Cause>("police");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    const body = whole(said);
    if (body === null) return;
    action.run(async () => {
      const placed = await client.call("POST /holds", { ...body, cause });
      notify("success", t("exports.held_now", { hold: placed.hold, ends: format.dateTime(msFromInstant(placed.ends)) }));
      for (const lost of placed.lost) notify("danger", lost);
      onDone();
    });
  }

  return (
    <Dialog title={t("exports.hold")} onClose={onClose}>
      <StepForm title={t("exports.hold")} text={t("exports.hold_text")} error={action.error} onSubmit={submit} isBare>
        <StretchFields said={said} isAsked={isAsked} errors={fieldErrors(action.error)} onSay={setSaid} />
        <SelectField
          label={t("exports.cause")}
          hint={t("exports.cause_hint")}
          value={cause}
          options={CAUSES.map((value) => ({ value, label: t(`exports.cause_${value}`) }))}
          onChange={setCause}
        />
        <Button isSubmit isBusy={action.isBusy} icon="lock">
          {t("exports.hold_go")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
