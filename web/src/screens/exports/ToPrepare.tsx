// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Export } from "../../core/api/exports";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { List } from "./List";
import { One } from "./One";

/** What I am to make, or made: an approval names me. */
export function ToPrepare() {
  return (
    <List route="GET /exports/to-prepare" empty="exports.none_to_prepare">
      {(one, again) => <Prepare one={one} onDone={again} />}
    </List>
  );
}

function Prepare({ one, onDone }: { readonly one: Export; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const action = useAction();
  const { number, state } = one;

  function order(what: "prepare" | "cancel"): void {
    action.run(async () => {
      await client.call(`POST /exports/{number}/${what}`, {}, { path: { number: String(number) } });
      onDone();
    });
  }

  const isMoving = state === "waiting" || state === "running";
  const canPrepare = state === "approved" || state === "failed" || state === "cancelled" || state === "done";
  return (
    <>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <One one={one} isMaker>
        {canPrepare ? (
          <Button icon="files" kind={state === "done" ? "secondary" : "primary"} isBusy={action.isBusy} onClick={() => order("prepare")}>
            {t(state === "approved" ? "exports.prepare" : "exports.prepare_again", { number })}
          </Button>
        ) : isMoving ? (
          <Button icon="close" kind="secondary" isBusy={action.isBusy} onClick={() => order("cancel")}>
            {t("exports.cancel", { number })}
          </Button>
        ) : undefined}
      </One>
    </>
  );
}
