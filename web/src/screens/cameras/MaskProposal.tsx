// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { MaskProposal as Proposal } from "../../core/api/masks";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { useNotify } from "../../ui/Notices";
import { MasksSeen } from "./MasksSeen";
import { SecondPerson } from "./SecondPerson";

/** Areas that wait for a second person. */
export function MaskProposal({ camera, proposal, onDone }: { readonly camera: string; readonly proposal: Proposal; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const notify = useNotify();
  const path = { number: String(proposal.number) };
  async function decide(what: "approve" | "refuse", reason: string): Promise<void> {
    await client.call(`POST /mask-proposals/{number}/${what}`, { reason }, { path });
    notify("success", t(`masks.done_${what}`));
  }
  return (
    <SecondPerson
      proposal={proposal}
      text={t("masks.waits_text", { name: proposal.proposer.name, time: format.dateTime(msFromInstant(proposal.proposed)), count: proposal.areas.length })}
      approve={t("masks.approve")}
      onDecide={decide}
      onWithdraw={async () => {
        await client.call("POST /mask-proposals/{number}/withdraw", {}, { path });
      }}
      onDone={onDone}
    >
      <MasksSeen camera={camera} areas={proposal.areas} />
    </SecondPerson>
  );
}
