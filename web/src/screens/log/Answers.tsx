// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { LogAnswer, LogAsked, LogRow } from "../../core/api/log";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Empty } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useAction } from "../../ui/useAction";
import { useSayRow } from "./words";

interface Props {
  readonly asked: LogAsked;
  readonly answer: LogAnswer;
}

/** What answers, newest first; what cannot be told is told as such. */
export function Answers({ asked, answer }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const say = useSayError();
  const columns = useColumns();

  function save(): void {
    action.run(async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await client.file("/log/table", asked));
      link.download = `${t("log.file")}-${asked.since.slice(0, 10)}-${asked.until.slice(0, 10)}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  return (
    <div className="stack log-answer">
      <p role="status" className="people-note">
        {t("log.matched", { count: answer.matched })}
      </p>
      <Missing {...answer} />
      <div className="buttons">
        <Button kind="secondary" icon="download" isBusy={action.isBusy} onClick={save}>
          {t("log.save")}
        </Button>
      </div>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <Table
        caption={t("log.answer")}
        columns={columns}
        rows={answer.items}
        rowKey={({ number }) => String(number)}
        empty={<Empty title={t("log.nothing")}>{t("log.nothing_text")}</Empty>}
      />
    </div>
  );
}

/** What the log cannot tell of the time that was asked for. */
export function Missing(answer: Pick<LogAnswer, "oldest" | "is_forked" | "unread" | "untold">) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      {answer.oldest === null ? null : (
        <Alert kind="warning">{t("log.pruned", { when: format.dateTime(msFromInstant(answer.oldest)) })}</Alert>
      )}
      {answer.is_forked ? <Alert kind="warning">{t("log.forked")}</Alert> : null}
      {answer.unread === 0 ? null : <Alert kind="danger">{t("log.unread", { count: answer.unread })}</Alert>}
      {answer.untold === 0 ? null : <Alert kind="warning">{t("log.untold", { count: answer.untold })}</Alert>}
    </>
  );
}

function useColumns(): readonly Column<LogRow>[] {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayRow();
  return [
    {
      key: "at",
      head: t("log.when"),
      cell: ({ at, number }) => (
        <>
          <span className="log-time">{format.date(msFromInstant(at))},</span> <span className="log-time">{format.seconds(msFromInstant(at))}</span>
          <small>{t("log.number", { number })}</small>
        </>
      ),
    },
    {
      key: "who",
      head: t("log.who"),
      cell: (row) => (
        <>
          {say.who(row)}
          {row.station === null ? null : <small>{row.station}</small>}
        </>
      ),
    },
    { key: "what", head: t("log.what"), cell: (row) => say.what(row) },
    {
      key: "which",
      head: t("log.which"),
      cell: (row) => (
        <>
          {row.cameras.join(", ")}
          {row.start === null || row.end === null ? null : <small>{span(row.start, row.end)}</small>}
          {row.shown_s === null ? null : <small>{t(row.cameras.length > 1 ? "log.shown_together" : "log.shown", { age: format.age(row.shown_s) })}</small>}
        </>
      ),
    },
    {
      key: "why",
      head: t("log.why"),
      cell: (row) => (
        <>
          {say.reason(row)}
          {row.purpose === null ? null : <small>{say.purpose(row.purpose)}</small>}
          {row.case === null ? null : <small>{t("log.of_case", { name: row.case })}</small>}
          {row.recipient === null ? null : <small>{t("log.to", { name: row.recipient })}</small>}
        </>
      ),
    },
  ];

  function span(start: string, end: string): string {
    const [from, to] = [msFromInstant(start), msFromInstant(end)];
    return `${format.date(from)}, ${format.seconds(from)} – ${format.date(to) === format.date(from) ? "" : `${format.date(to)}, `}${format.seconds(to)}`;
  }
}
