// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Wanted } from "../../core/api/people";
import { ReasonDialog, type Told } from "./ReasonDialog";

interface Props {
  readonly title: string;
  readonly text?: string;
  /** Null: something is missing, and the fields say what. */
  readonly wanted: () => Wanted | null;
  readonly children?: (told: Told) => ReactNode;
  readonly onClose: () => void;
  readonly onProposed: () => void;
}

/** What is wanted, and why: it is done when another person has approved it. */
export function ApplyDialog({ wanted, onProposed, ...rest }: Props) {
  const { t } = useTranslation();
  const client = useClient();

  async function go(reason: string): Promise<void> {
    const said = wanted();
    if (said !== null) await client.call("POST /proposals", { wanted: said, reason });
  }

  return (
    <ReasonDialog
      {...rest}
      isPrimary
      button={t("people.propose")}
      done={t("people.proposed")}
      hint={t("people.reason_hint")}
      isWhole={() => wanted() !== null}
      onGo={go}
      onDone={onProposed}
    />
  );
}
