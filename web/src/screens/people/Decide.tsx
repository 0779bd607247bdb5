// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Proposal } from "../../core/api/people";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextArea } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly what: "approve" | "refuse";
  readonly title: string;
  readonly proposal: Proposal;
  readonly onClose: () => void;
  /** With the token of a link where one came of it. */
  readonly onDone: (token: string | null) => void;
}

/** By another person than who asked, with words of their own. */
export function Decide({ what, title, proposal, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const notify = useNotify();
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (reason.trim() === "") return;
    const path = { number: String(proposal.number) };
    action.run(async () => {
      const said = { reason: reason.trim() };
      const token =
        what === "approve"
          ? (await client.call("POST /proposals/{number}/approve", said, { path })).token
          : (await client.call("POST /proposals/{number}/refuse", said, { path }), null);
      notify("success", t(`people.done_${what}`));
      onDone(token);
    });
  }

  return (
    <Dialog title={t(`people.decide_${what}`)} onClose={onClose}>
      <StepForm title="" text={title} error={action.error} onSubmit={submit} isBare>
        <TextArea
          label={t("people.answer")}
          hint={t("people.reason_hint")}
          autoFocus
          value={reason}
          error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit kind={what === "approve" ? "primary" : "danger"} isBusy={action.isBusy}>
          {t(`people.${what}`)}
        </Button>
      </StepForm>
    </Dialog>
  );
}
