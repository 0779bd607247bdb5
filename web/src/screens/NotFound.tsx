// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { Empty } from "../ui/States";
import { Screen } from "../ui/Screen";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Screen title={t("not_found.title")}>
      <Empty title={t("not_found.text")} action={<Link to="/">{t("not_found.back")}</Link>} />
    </Screen>
  );
}
