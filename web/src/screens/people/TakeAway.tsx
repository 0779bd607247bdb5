// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { PersonDetail } from "../../core/api/people";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly what: "suspend" | "end";
  readonly person: PersonDetail;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** At once, by one person: the other one is signed out. */
export function TakeAway({ what, person, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const notify = useNotify();
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (reason.trim() === "") return;
    action.run(async () => {
      await client.call(`POST /people/{id}/${what}`, { reason: reason.trim() }, { path: { id: person.id } });
      notify("success", t(`people.done_${what}`, { name: person.name }));
      onDone();
    });
  }

  return (
    <Dialog title={t(`people.title_${what}`, { name: person.name })} onClose={onClose}>
      <StepForm title="" text={t(`people.text_${what}`)} error={action.error} onSubmit={submit} isBare>
        <TextArea
          label={t("people.reason")}
          autoFocus
          value={reason}
          error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit kind="danger" isBusy={action.isBusy}>
          {t(`people.do_${what}`)}
        </Button>
      </StepForm>
    </Dialog>
  );
}
