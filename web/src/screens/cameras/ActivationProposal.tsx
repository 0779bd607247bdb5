// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraProposal as Proposal } from "../../core/api/proposal";
import { useNotify } from "../../ui/Notices";
import { SecondPerson } from "./SecondPerson";

/** An activation that waits for a second person. */
export function ActivationProposal({ proposal, onDone }: { readonly proposal: Proposal; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const path = { number: String(proposal.number) };
  async function decide(what: "approve" | "refuse", reason: string): Promise<void> {
    await client.call(`POST /activation-proposals/{number}/${what}`, { reason }, { path });
    notify("success", t(`activation.done_${what}`));
  }
  return (
    <SecondPerson
      proposal={proposal}
      text={t("activation.waits_text", { name: proposal.proposer.name })}
      approve={t("activation.approve")}
      onDecide={decide}
      onWithdraw={async () => {
        await client.call("POST /activation-proposals/{number}/withdraw", {}, { path });
      }}
      onDone={onDone}
    />
  );
}
