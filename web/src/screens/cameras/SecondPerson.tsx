// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "../../app/session";
import type { Person } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { Alert } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

interface Props {
  readonly proposal: { readonly proposer: Person; readonly reason: string };
  readonly text: string;
  readonly approve: string;
  readonly children?: ReactNode;
  readonly onDecide: (what: "approve" | "refuse", reason: string) => Promise<void>;
  readonly onWithdraw: () => Promise<void>;
  readonly onDone: () => void;
}

/** What one proposed: another confirms or refuses it with a reason, its proposer takes it back. */
export function SecondPerson({ proposal, text, approve, children, onDecide, onWithdraw, onDone }: Props) {
  const { t } = useTranslation();
  const say = useSayError();
  const { person, permissions } = useMe();
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  const isOwn = proposal.proposer.id === person.id;
  function decide(what: "approve" | "refuse"): void {
    setChecked(true);
    if (reason.trim() === "") return;
    run(async () => {
      await onDecide(what, reason.trim());
      onDone();
    });
  }
  return (
    <section className="mask-proposal" aria-label={t("masks.waits")}>
      <h3>{t("masks.waits")}</h3>
      <p>{text}</p>
      <p>«{proposal.reason}»</p>
      {children}
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {isOwn ? (
        <div className="buttons">
          <Button kind="secondary" isBusy={isBusy} onClick={() => run(async () => { await onWithdraw(); onDone(); })}>{t("masks.withdraw")}</Button>
        </div>
      ) : null}
      {permissions.includes("policy.confirm") && !isOwn ? (
        <>
          <TextArea label={t("masks.answer")} value={reason} error={isChecked && reason.trim() === "" ? t("cameras.needed") : undefined} onChange={setReason} />
          <div className="buttons">
            <Button isBusy={isBusy} onClick={() => decide("approve")}>{approve}</Button>
            <Button kind="secondary" isBusy={isBusy} onClick={() => decide("refuse")}>{t("masks.refuse")}</Button>
          </div>
        </>
      ) : null}
    </section>
  );
}
