// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { RegisterEntry } from "../../core/api/register";
import { msFromInstant } from "../../core/time/ticks";
import { SelectField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Empty, Failed, Loading } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useResource } from "../../ui/useResource";

const DAYS = ["1", "7", "31", "366"] as const;
type Days = (typeof DAYS)[number];

/** Who came and went, when the curtain was drawn; who works in the room sees a week of it. */
export function Register() {
  const { t } = useTranslation();
  const me = useMe();
  const client = useClient();
  const [days, setDays] = useState<Days>("7");
  const read = useCallback(
    (signal: AbortSignal) => client.call("GET /room/register", undefined, { signal, query: { days } }),
    [client, days],
  );
  const { value, error, retry } = useResource(read);
  const offered = me.roles.includes("designato") ? DAYS : DAYS.slice(0, 2);
  return (
    <div className="stack register">
      <SelectField
        label={t("shifts.how_far")}
        value={days}
        options={offered.map((each) => ({ value: each, label: t("shifts.last_days", { count: Number(each) }) }))}
        onChange={setDays}
      />
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Entries entries={value.items} />}
    </div>
  );
}

function Entries({ entries }: { readonly entries: readonly RegisterEntry[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: readonly Column<RegisterEntry>[] = [
    { key: "start", head: t("shifts.from"), cell: ({ start }) => format.dateTime(msFromInstant(start)), sort: ({ start }) => start },
    { key: "end", head: t("shifts.to"), cell: ({ end }) => (end === null ? t("shifts.lasts") : format.dateTime(msFromInstant(end))) },
    { key: "kind", head: t("shifts.kind"), cell: ({ kind }) => t(`shifts.kind_${kind}`) },
    { key: "what", head: t("shifts.what"), cell: (entry) => <What entry={entry} /> },
    { key: "person", head: t("shifts.by"), cell: ({ person }) => person.name },
  ];
  return (
    <Table
      caption={t("shifts.register")}
      columns={columns}
      rows={entries}
      rowKey={({ kind, id }) => `${kind} ${id}`}
      empty={<Empty title={t("shifts.register_empty")} />}
    />
  );
}

function What({ entry }: { readonly entry: RegisterEntry }) {
  const { t } = useTranslation();
  const { visitor, why, note, takes } = entry;
  if (visitor !== null) {
    return (
      <>
        {visitor.name}, {visitor.office}: {visitor.reason}
        <small>{t("shifts.with", { authorised: visitor.authorised, company: visitor.company })}</small>
      </>
    );
  }
  return (
    <>
      {entry.text}
      {why === null ? null : <small>{t(`shifts.why_${why}`)}</small>}
      {takes === null ? null : <small>{t("shifts.takes", { number: takes })}</small>}
      {note === null || note === "" ? null : <q className="alarm-note">{note}</q>}
    </>
  );
}
