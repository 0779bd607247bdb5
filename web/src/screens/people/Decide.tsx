// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Proposal } from "../../core/api/people";
import { ReasonDialog } from "./ReasonDialog";

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
  const path = { number: String(proposal.number) };

  async function decide(reason: string): Promise<string | null> {
    if (what === "approve") return (await client.call("POST /proposals/{number}/approve", { reason }, { path })).token;
    await client.call("POST /proposals/{number}/refuse", { reason }, { path });
    return null;
  }

  return (
    <ReasonDialog
      title={t(`people.decide_${what}`)}
      text={title}
      label={t("people.answer")}
      hint={t("people.reason_hint")}
      button={t(`people.${what}`)}
      done={t(`people.done_${what}`)}
      isPrimary={what === "approve"}
      onGo={decide}
      onClose={onClose}
      onDone={onDone}
    />
  );
}
