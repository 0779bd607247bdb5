// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useClient } from "../../app/session";
import type { ListedMasks } from "../../core/api/masks";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { Screen } from "../../ui/Screen";
import { Empty, Failed, Loading } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useResource } from "../../ui/useResource";
import { MaskState } from "./MaskState";

/** What each camera hides, since when, and whether it does: for who supervises. No picture. */
export function MasksList({ onBack }: { readonly onBack: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback((signal: AbortSignal) => client.call("GET /masks", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  const when = (instant: string | null) => (instant === null ? "–" : format.dateTime(msFromInstant(instant)));
  const columns: readonly Column<ListedMasks>[] = [
    { key: "camera", head: t("cameras.camera"), cell: ({ camera, name }) => <Link to={`/cameras?camera=${encodeURIComponent(camera)}`}>{name}</Link>, sort: ({ name }) => name },
    { key: "state", head: t("masks.state"), cell: (each) => <MaskState masks={each} /> },
    { key: "count", head: t("masks.count"), cell: ({ version, count }) => (version === 0 ? "–" : format.number(count)), isNumber: true },
    { key: "decided", head: t("masks.decided"), cell: ({ decided }) => when(decided), sort: ({ decided }) => decided ?? "" },
    { key: "checked", head: t("masks.checked"), cell: ({ checked }) => when(checked), sort: ({ checked }) => checked ?? "" },
  ];
  return (
    <Screen title={t("masks.list")} aside={<Button kind="quiet" icon="arrow-left" onClick={onBack}>{t("cameras.to_list")}</Button>}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
      {value?.items.length === 0 ? <Empty title={t("cameras.none")} /> : null}
      {value === undefined || value.items.length === 0 ? null : (
        <Table caption={t("masks.list")} columns={columns} rows={value.items} rowKey={(each) => each.camera} />
      )}
    </Screen>
  );
}
