// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { DiskState } from "../../core/api/types";
import { Empty } from "../../ui/States";
import { useFormat } from "../../ui/format";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { daysTone, DISK_TONES } from "./judge";

export function Disks({ disks }: { readonly disks: readonly DiskState[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: readonly Column<DiskState>[] = [
    { key: "path", head: t("system.disk"), cell: ({ path }) => <code>{path}</code>, sort: ({ path }) => path },
    { key: "state", head: t("system.state"), cell: (disk) => <Status tone={DISK_TONES[disk.state]}>{t(`system.disk_${disk.state}`)}</Status> },
    {
      key: "free",
      head: t("system.free"),
      isNumber: true,
      cell: ({ free, size }) =>
        free === null ? "–" : size === null ? format.bytes(free) : t("system.of", { free: format.bytes(free), size: format.bytes(size) }),
      sort: ({ free }) => free ?? -1,
    },
    {
      key: "days",
      head: t("system.lasts"),
      isNumber: true,
      cell: ({ days_left: days }) => 
        days === null ? "–" : <Status tone={daysTone(days)}>{t("system.about_days", { count: Math.floor(days) })}</Status>,
      sort: ({ days_left: days }) => days ?? Infinity,
    },
  ];
  return <Table caption={t("system.disks")} columns={columns} rows={disks} rowKey={({ path }) => path} empty={<Empty title={t("system.no_disks")} />} />;
}
