// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";

import { Empty } from "../ui/States";
import { Screen } from "../ui/Screen";
import { SCREENS } from "./list";

/** Stands for a screen that is not built yet. */
export function Soon() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const screen = SCREENS.find(({ path }) => path === pathname);
  return (
    <Screen title={t(screen === undefined ? "not_found.title" : `nav.${screen.key}`)}>
      <Empty title={t("soon")} />
    </Screen>
  );
}
