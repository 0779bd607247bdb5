// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { LogTotals as Totals } from "../../core/api/log";
import { dateAt } from "../../core/time/zone";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Empty } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { DayField } from "../../ui/TimeFields";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";
import { Missing } from "./Answers";
import { DAY_MS, span } from "./days";
import { useSayKind } from "./words";

const MONTH = 30;
const LEAST = 7; // days, as the server has it

/** For who commands: how often what was done and each camera looked at, with nobody's name. */
export function LogTotals() {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const { zone } = useFormat();
  const [first, setFirst] = useState(() => dateAt(Date.now() - MONTH * DAY_MS, zone));
  const [last, setLast] = useState(() => dateAt(Date.now(), zone));
  const [totals, setTotals] = useState<Totals | null>(null);
  const [isAsked, setAsked] = useState(false);
  const isShort = first !== "" && last !== "" && Date.parse(last) - Date.parse(first) < (LEAST - 1) * DAY_MS;
  const missing = (value: string) => (isAsked && value === "" ? t("errors.field_missing") : undefined);

  function submit(): void {
    setAsked(true);
    if (first === "" || last === "" || isShort) return;
    action.run(async () => setTotals(await client.call("POST /log/totals", span(first, last, zone))));
  }

  return (
    <div className="stack">
      <Card title={t("log.totals")}>
        <StepForm title="" text={t("log.totals_text")} error={action.error} onSubmit={submit} isBare>
          <div className="field-row">
            <DayField label={t("log.first_day")} value={first} error={missing(first)} onChange={setFirst} />
            <DayField label={t("log.last_day")} value={last} error={isShort ? t("log.totals_short") : missing(last)} onChange={setLast} />
          </div>
          <Button isSubmit isBusy={action.isBusy} icon="search">
            {t("log.totals_go")}
          </Button>
        </StepForm>
      </Card>
      {totals === null ? null : <Counted totals={totals} />}
    </div>
  );
}

function Counted({ totals }: { readonly totals: Totals }) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayKind();
  const kinds: readonly Column<Totals["kinds"][number]>[] = [
    { key: "kind", head: t("log.totals_what"), cell: ({ kind }) => say(kind), sort: ({ kind }) => say(kind) },
    { key: "count", head: t("log.totals_count"), isNumber: true, cell: ({ count }) => format.number(count), sort: ({ count }) => count },
  ];
  const cameras: readonly Column<Totals["cameras"][number]>[] = [
    { key: "camera", head: t("log.camera"), cell: ({ name }) => name, sort: ({ name }) => name },
    { key: "looks", head: t("log.totals_looks"), isNumber: true, cell: ({ looks }) => format.number(looks), sort: ({ looks }) => looks },
  ];
  return (
    <div className="stack log-totals">
      <p role="status" className="people-note">
        {t("log.totals_done", { count: totals.kinds.reduce((sum, { count }) => sum + count, 0) })}
      </p>
      <Missing {...totals} untold={0} />
      {totals.kinds.length === 0 ? (
        <Empty title={t("log.nothing")}>{t("log.nothing_text")}</Empty>
      ) : (
        <>
          <Table caption={t("log.totals_kinds")} columns={kinds} rows={totals.kinds} rowKey={({ kind }) => kind} />
          <Table
            caption={t("log.totals_cameras")}
            columns={cameras}
            rows={totals.cameras}
            rowKey={({ camera }) => camera}
            empty={<p className="quiet people-note">{t("log.totals_no_camera")}</p>}
          />
        </>
      )}
    </div>
  );
}
