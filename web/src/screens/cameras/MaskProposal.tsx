// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { MaskProposal as Proposal } from "../../core/api/masks";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { MaskDrawing } from "./MaskDrawing";

/** What waits for a second person; who proposed it may take it back. */
export function MaskProposal({ proposal, onDone }: { readonly proposal: Proposal; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const say = useSayError();
  const notify = useNotify();
  const { person, permissions } = useMe();
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  const isOwn = proposal.proposer.id === person.id;
  const path = { number: String(proposal.number) };

  function decide(what: "approve" | "refuse"): void {
    setChecked(true);
    if (reason.trim() === "") return;
    run(async () => {
      await client.call(`POST /mask-proposals/{number}/${what}`, { reason: reason.trim() }, { path });
      notify("success", t(`masks.done_${what}`));
      onDone();
    });
  }
  function withdraw(): void {
    run(async () => {
      await client.call("POST /mask-proposals/{number}/withdraw", {}, { path });
      onDone();
    });
  }
  return (
    <section className="mask-proposal" aria-label={t("masks.waits")}>
      <h3>{t("masks.waits")}</h3>
      <p>{t("masks.waits_text", { name: proposal.proposer.name, time: format.dateTime(msFromInstant(proposal.proposed)), count: proposal.areas.length })}</p>
      <p>«{proposal.reason}»</p>
      <MaskDrawing areas={proposal.areas} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {isOwn ? <Button kind="secondary" isBusy={isBusy} onClick={withdraw}>{t("masks.withdraw")}</Button> : null}
      {permissions.includes("policy.confirm") && !isOwn ? (
        <>
          <TextArea label={t("masks.answer")} value={reason} error={isChecked && reason.trim() === "" ? t("cameras.needed") : undefined} onChange={setReason} />
          <div className="buttons">
            <Button isBusy={isBusy} onClick={() => decide("approve")}>{t("masks.approve")}</Button>
            <Button kind="secondary" isBusy={isBusy} onClick={() => decide("refuse")}>{t("masks.refuse")}</Button>
          </div>
        </>
      ) : null}
    </section>
  );
}
