// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Alert } from "../../ui/Notices";
import { useResource } from "../../ui/useResource";
import { Todo } from "./Todo";

/** For a town that has just begun: why no real camera can record yet, and who can mend it. Nothing once all is there. */
export function FirstSteps() {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /first-steps", undefined, { signal }), [client]);
  const { value } = useResource(read);
  if (value === undefined || value.items.length === 0) return null;
  return (
    <Alert kind="info" title={t("activation.first_title")}>
      <Todo items={value.items} />
    </Alert>
  );
}
