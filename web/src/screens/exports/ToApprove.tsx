// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Export } from "../../core/api/exports";
import { Button } from "../../ui/Button";
import { useNotify } from "../../ui/Notices";
import { Answer } from "./Answer";
import { List } from "./List";
import { One } from "./One";

/** What others asked for, for who decides. */
export function ToApprove() {
  return (
    <List route="GET /exports/to-approve" empty="exports.none_to_approve">
      {(one, again) => <Decide one={one} onDone={again} />}
    </List>
  );
}

function Decide({ one, onDone }: { readonly one: Export; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const [asks, setAsks] = useState<"approve" | "refuse" | null>(null);
  const { number } = one;
  const path = { number: String(number) };

  function done(text: string): void {
    setAsks(null);
    notify("success", text);
    onDone();
  }

  return (
    <>
      <One one={one}>
        {one.state === "asked" ? (
          <>
            <Button icon="check" onClick={() => setAsks("approve")}>
              {t("exports.approve", { number })}
            </Button>
            <Button kind="secondary" onClick={() => setAsks("refuse")}>
              {t("exports.refuse", { number })}
            </Button>
          </>
        ) : undefined}
      </One>
      {asks === "approve" ? (
        <Answer
          title={t("exports.approve", { number })}
          text={t("exports.approve_text")}
          go={t("exports.approve_go")}
          makers={one.makers}
          onClose={() => setAsks(null)}
          onSay={async (reason, maker) => {
            await client.call("POST /exports/{number}/approve", { reason, maker }, { path });
            done(t("exports.approved_now", { number }));
          }}
        />
      ) : null}
      {asks === "refuse" ? (
        <Answer
          title={t("exports.refuse", { number })}
          text={t("exports.refuse_text")}
          go={t("exports.refuse_go")}
          isDanger
          onClose={() => setAsks(null)}
          onSay={async (reason) => {
            await client.call("POST /exports/{number}/refuse", { reason }, { path });
            done(t("exports.refused_now", { number }));
          }}
        />
      ) : null}
    </>
  );
}
