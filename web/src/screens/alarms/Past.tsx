// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useSayAlarm } from "../../app/alarms";
import { useClient } from "../../app/session";
import type { Alarm } from "../../core/api/alarms";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { Empty, Failed, Loading } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useResource } from "../../ui/useResource";
import { Notes } from "./Notes";

const DAYS = 7;

/** What is over: where, what, how long, who took notice. */
export function Past() {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const say = useSayAlarm();
  const read = useCallback(
    (signal: AbortSignal) => client.call("GET /alarms/past", undefined, { signal, query: { days: `${DAYS}` } }),
    [client],
  );
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  const columns: readonly Column<Alarm>[] = [
    { key: "began", head: t("alarms.began"), cell: ({ began }) => format.dateTime(msFromInstant(began)), sort: ({ began }) => began },
    { key: "place", head: t("alarms.place"), cell: ({ name }) => (name === "" ? t("alarms.town") : name), sort: ({ name }) => name },
    { key: "what", head: t("alarms.what"), cell: (alarm) => say(alarm), sort: ({ code }) => code },
    {
      key: "lasted",
      head: t("alarms.lasted"),
      isNumber: true,
      cell: (alarm) => format.age(lasted(alarm)),
      sort: lasted,
    },
    { key: "came", head: t("alarms.times"), isNumber: true, cell: ({ came }) => format.number(came), sort: ({ came }) => came },
    {
      key: "notes",
      head: t("alarms.notes"),
      cell: ({ notes }) => (notes.length === 0 ? t("alarms.nobody") : <Notes notes={notes} />),
    },
  ];
  return (
    <Table caption={t("alarms.past_caption", { count: DAYS })} columns={columns} rows={value.items} rowKey={({ id }) => id} empty={<Empty title={t("alarms.none_past")} />} />
  );
}

function lasted({ began, over }: Alarm): number {
  return over === null ? 0 : Math.max(0, msFromInstant(over) - msFromInstant(began)) / 1000;
}
