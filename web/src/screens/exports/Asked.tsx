// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Button } from "../../ui/Button";
import { useNotify } from "../../ui/Notices";
import { useSayError } from "../../ui/errors";
import { AskForm } from "./AskForm";
import { List } from "./List";
import { One } from "./One";
import type { Wish } from "./stretch";

/** What I asked for. */
export function Asked({ wish }: { readonly wish: Wish | null }) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const say = useSayError();
  const [isOpen, setOpen] = useState(wish !== null);

  async function withdraw(number: number, again: () => void): Promise<void> {
    try {
      await client.call("POST /exports/{number}/withdraw", {}, { path: { number: String(number) } });
      again();
    } catch (error) {
      notify("danger", say(error));
    }
  }

  return (
    <List
      route="GET /exports/asked"
      empty="exports.none_asked"
      head={(again) => (
        <div className="buttons">
          <Button icon="plus" onClick={() => setOpen(true)}>
            {t("exports.ask")}
          </Button>
          {isOpen ? (
            <AskForm
              wish={wish}
              onClose={() => setOpen(false)}
              onDone={() => {
                setOpen(false);
                again();
              }}
            />
          ) : null}
        </div>
      )}
    >
      {(one, again) => (
        <One one={one}>
          {one.state === "asked" || one.state === "approved" ? (
            <Button kind="secondary" onClick={() => void withdraw(one.number, again)}>
              {t("exports.withdraw")}
            </Button>
          ) : undefined}
        </One>
      )}
    </List>
  );
}
