// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { LogAsked, Review } from "../../core/api/log";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { RadioGroup, TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  /** What is on the screen: a review is of that. */
  readonly asked: LogAsked | null;
  readonly seen: number;
}

/** Reviews are done, and recorded with what came out (LG-08). */
export function LogReviews({ asked, seen }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback((signal: AbortSignal) => client.call("GET /log/reviews", undefined, { signal }), [client]);
  const { value, error, at, retry } = useResource(read);
  const [isNew, setNew] = useState(false);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  const isDue = value.due === null || msFromInstant(value.due) <= (at ?? 0);
  const columns: readonly Column<Review>[] = [
    { key: "at", head: t("log.when"), cell: (review) => format.dateTime(msFromInstant(review.at)) },
    { key: "who", head: t("log.who"), cell: ({ person }) => person.name },
    { key: "of", head: t("log.review_of"), cell: ({ since, until }) => `${format.date(msFromInstant(since))} – ${format.date(msFromInstant(until) - 1)}` },
    { key: "sample", head: t("log.review_sample"), isNumber: true, cell: ({ sample }) => format.number(sample) },
    { key: "outcome", head: t("log.review_outcome"), cell: ({ outcome }) => t(`log.outcome_${outcome}`) },
    { key: "text", head: t("log.review_text"), cell: ({ text }) => text },
  ];
  return (
    <Card title={t("log.reviews")}>
      <Alert kind={isDue ? "warning" : "info"}>
        {value.due === null ? t("log.review_never") : isDue ? t("log.review_due") : t("log.review_next", { when: format.date(msFromInstant(value.due)) })}
      </Alert>
      {asked === null ? <p className="quiet people-note">{t("log.review_first")}</p> : null}
      {asked === null ? null : (
        <div className="buttons people-actions people-note">
          <Button kind="secondary" icon="check" onClick={() => setNew(true)}>
            {t("log.review_new")}
          </Button>
        </div>
      )}
      {value.items.length === 0 ? null : (
        <Table caption={t("log.reviews_done")} columns={columns} rows={value.items} rowKey={({ number }) => String(number)} />
      )}
      {isNew && asked !== null ? (
        <NewReview
          asked={asked}
          seen={seen}
          onClose={() => setNew(false)}
          onDone={() => {
            setNew(false);
            retry();
          }}
        />
      ) : null}
    </Card>
  );
}

interface NewProps {
  readonly asked: LogAsked;
  readonly seen: number;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function NewReview({ asked, seen, onClose, onDone }: NewProps) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const notify = useNotify();
  const [outcome, setOutcome] = useState<"in-order" | "findings">("in-order");
  const [text, setText] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (text.trim() === "") return;
    const { purpose, since, until } = asked;
    action.run(async () => {
      await client.call("POST /log/reviews", { purpose, since, until, sample: seen, outcome, text: text.trim() });
      notify("success", t("log.review_done"));
      onDone();
    });
  }

  return (
    <Dialog title={t("log.review_new")} onClose={onClose}>
      <StepForm title="" text={t("log.review_seen", { count: seen })} error={action.error} onSubmit={submit} isBare>
        <RadioGroup
          legend={t("log.review_outcome")}
          value={outcome}
          options={(["in-order", "findings"] as const).map((value) => ({ value, label: t(`log.outcome_${value}`) }))}
          onChange={setOutcome}
        />
        <TextArea
          label={t("log.review_text")}
          hint={t("people.reason_hint")}
          value={text}
          error={isAsked && text.trim() === "" ? t("errors.field_missing") : undefined}
          onChange={setText}
        />
        <Button isSubmit isBusy={action.isBusy}>
          {t("log.review_go")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
