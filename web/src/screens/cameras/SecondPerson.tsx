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

interface AnswerProps {
  readonly isOwn: boolean;
  readonly mayDecide: boolean;
  /** What approving is called; null: it may only be refused. */
  readonly approve: string | null;
  readonly mayRefuse?: boolean;
  /** What is approved can't be undone. */
  readonly isFinal?: boolean;
  readonly onDecide: (what: "approve" | "refuse", reason: string) => Promise<void>;
  readonly onWithdraw: () => Promise<void>;
  readonly onDone: () => void;
}

/** Another confirms or refuses with a reason, its proposer takes it back. */
export function Answer({ isOwn, mayDecide, approve, mayRefuse = true, isFinal = false, onDecide, onWithdraw, onDone }: AnswerProps) {
  const { t } = useTranslation();
  const say = useSayError();
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  function decide(what: "approve" | "refuse"): void {
    setChecked(true);
    if (reason.trim() === "") return;
    run(async () => {
      await onDecide(what, reason.trim());
      onDone();
    });
  }
  return (
    <>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {isOwn ? (
        <div className="buttons">
          <Button kind="secondary" isBusy={isBusy} onClick={() => run(async () => { await onWithdraw(); onDone(); })}>{t("masks.withdraw")}</Button>
        </div>
      ) : null}
      {mayDecide && !isOwn ? (
        <>
          <TextArea label={t("masks.answer")} value={reason} error={isChecked && reason.trim() === "" ? t("cameras.needed") : undefined} onChange={setReason} />
          <div className="buttons">
            {approve === null ? null : <Button kind={isFinal ? "danger" : "primary"} isBusy={isBusy} onClick={() => decide("approve")}>{approve}</Button>}
            {mayRefuse ? <Button kind="secondary" isBusy={isBusy} onClick={() => decide("refuse")}>{t("masks.refuse")}</Button> : null}
          </div>
        </>
      ) : null}
    </>
  );
}

interface Props extends Pick<AnswerProps, "onDecide" | "onWithdraw" | "onDone"> {
  readonly proposal: { readonly proposer: Person; readonly reason: string };
  readonly text: string;
  readonly approve: string;
  readonly children?: ReactNode;
}

/** What one proposed, and its answer. */
export function SecondPerson({ proposal, text, approve, children, ...answer }: Props) {
  const { t } = useTranslation();
  const { person, permissions } = useMe();
  return (
    <section className="mask-proposal" aria-label={t("masks.waits")}>
      <h3>{t("masks.waits")}</h3>
      <p>{text}</p>
      <p>«{proposal.reason}»</p>
      {children}
      <Answer isOwn={proposal.proposer.id === person.id} mayDecide={permissions.includes("policy.confirm")} approve={approve} {...answer} />
    </section>
  );
}
