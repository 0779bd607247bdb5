// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { type Interval, intervalsOf, type Row } from "../../core/timeline/rows";
import type { View } from "../../core/timeline/view";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { type Column, Table } from "../../ui/Table";
import { fineTime, useSayCauses } from "./say";

const MOST = 200;

/** The same as the timeline shows, in a table: for who does not see it, and for times that go into a report. */
export function Intervals({ rows, view, onGo }: { readonly rows: readonly Row[]; readonly view: View; readonly onGo: (at: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const causes = useSayCauses();
  const all = intervalsOf(rows, view);
  const time = (at: number) => (
    <time dateTime={new Date(at).toISOString()}>
      {format.date(at)}, {fineTime(format, at)}
    </time>
  );
  const columns: readonly Column<Interval>[] = [
    { key: "camera", head: t("playback.camera"), cell: ({ name }) => name },
    { key: "what", head: t("playback.what"), cell: ({ kind, why }) => (kind === "gap" ? t("playback.kind_gap", { why: causes(why ?? []) }) : t(`playback.kind_${kind}`)) },
    { key: "from", head: t("playback.from"), cell: ({ from }) => time(from) },
    { key: "to", head: t("playback.to"), cell: ({ to }) => time(to) },
    {
      key: "go",
      head: t("playback.go_there"),
      cell: ({ name, from }) => (
        <Button kind="quiet" size="small" onClick={() => onGo(from)} aria-label={t("playback.go_to_of", { camera: name, time: format.seconds(from) })}>
          {t("playback.go")}
        </Button>
      ),
    },
  ];
  return (
    <details className="play-intervals">
      <summary>{t("playback.as_table")}</summary>
      <Table caption={t("playback.intervals", { from: format.dateTime(view.from), to: format.dateTime(view.to) })} columns={columns} rows={all.slice(0, MOST)} rowKey={({ camera, kind, from }) => `${camera} ${kind} ${from}`} empty={<p>{t("playback.nothing_known")}</p>} />
      {all.length > MOST ? <p>{t("playback.more_intervals", { count: all.length - MOST })}</p> : null}
    </details>
  );
}
