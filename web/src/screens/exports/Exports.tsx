// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useMe } from "../../app/session";
import type { Permission } from "../../core/api/types";
import { Screen } from "../../ui/Screen";
import { Tabs } from "../../ui/Tabs";
import { Asked } from "./Asked";
import { Holds } from "./Holds";
import { readWish } from "./stretch";
import { ToApprove } from "./ToApprove";
import { ToPrepare } from "./ToPrepare";

const TABS = [
  { key: "approve", needs: "copy.approve", Content: ToApprove },
  { key: "prepare", needs: "copy.prepare", Content: ToPrepare },
  { key: "asked", needs: "copy.ask", Content: Asked },
  { key: "holds", needs: "hold.place", Content: Holds },
] as const satisfies readonly { key: string; needs: Permission; Content: unknown }[];

type Key = (typeof TABS)[number]["key"];

/**
 * Copies and holds. Other screens lead here with what is wanted: `/exports?want=copy&cameras=ID,ID&from=…&to=…`, or
 * `want=hold`.
 */
export function Exports() {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const [query] = useSearchParams();
  const wish = readWish(query);
  const mine = TABS.filter(({ needs }) => permissions.includes(needs));
  const wanted: Key | undefined = wish === null ? undefined : wish.want === "hold" ? "holds" : "asked";
  const [chosen, choose] = useState<Key>(wanted ?? mine[0]?.key ?? "asked");
  const tabs = mine.map(({ key, Content }) => ({
    key,
    label: t(`exports.tab_${key}`),
    content: <Content wish={wanted === key ? wish : null} />,
  }));
  return (
    <Screen title={t("exports.title")}>
      <Tabs label={t("exports.title")} tabs={tabs} chosen={chosen} onChoose={choose} />
    </Screen>
  );
}
