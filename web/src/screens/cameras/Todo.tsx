// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useMe } from "../../app/session";
import type { Lacking } from "../../core/api/activation";

const OF_PEOPLE: readonly string[] = ["second", "group"];

/** What is missing before a camera may record, each with who can mend it. */
export function Todo({ items }: { readonly items: readonly Lacking[] }) {
  const { t, i18n } = useTranslation();
  const { permissions } = useMe();
  return (
    <ul className="plain">
      {items.map(({ what, roles }) => (
        <li key={what}>
          {i18n.exists(`activation.missing_${what}`) ? t(`activation.missing_${what}` as "activation.missing_dpia") : what}
          {": "}
          {roles.map((role) => t(`roles.${role}`)).join(", ")}
          {OF_PEOPLE.includes(what) && permissions.includes("people.see") ? (
            <>
              {" "}
              <Link to="/people">{t("activation.to_people")}</Link>
            </>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
