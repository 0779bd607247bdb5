// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { MySession } from "../../core/api/people";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { useResource } from "../../ui/useResource";

/** Where one is signed in, and was, in the last 30 days: what is not one's own doing shows here. */
export function MySessions() {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback((signal: AbortSignal) => client.call("GET /me/sessions", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  const say = (of: "method" | "over", word: string) =>
    i18n.exists(`ways.${of}_${word}`) ? t(`ways.${of}_${word}` as "ways.method_code") : word;
  const columns: readonly Column<MySession>[] = [
    { key: "opened", head: t("ways.opened"), cell: ({ opened }) => format.dateTime(msFromInstant(opened)), sort: ({ opened }) => opened },
    {
      key: "where",
      head: t("ways.station"),
      cell: ({ station, address }) => (
        <>
          {station}
          <small>{address}</small>
        </>
      ),
      sort: ({ station }) => station,
    },
    { key: "how", head: t("ways.how"), cell: ({ method }) => say("method", method) },
    { key: "end", head: t("ways.end"), cell: (session) => <End session={session} say={(word) => say("over", word)} /> },
  ];
  return (
    <>
      <p className="quiet people-note">{t("ways.sessions_text")}</p>
      <Table
        caption={t("ways.sessions")}
        columns={columns}
        rows={value.items}
        rowKey={({ opened, station }) => `${opened} ${station}`}
      />
    </>
  );
}

function End({ session, say }: { readonly session: MySession; readonly say: (why: string) => string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (session.is_this) return <Status tone="fine">{t("ways.this_session")}</Status>;
  if (session.ended === null) return <Status tone="warning">{t("ways.still_open")}</Status>;
  return (
    <>
      {format.dateTime(msFromInstant(session.ended))}
      <small>{say(session.why ?? "out")}</small>
    </>
  );
}
