// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { Doors } from "../../app/Doors";
import { useClient, useSession } from "../../app/session";
import { takeToken } from "../../app/token";
import type { Town } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";

export const DEMO_PATH = "/demo";

/** Who is in the demo, each one press away. Only a demo that runs opens it, with the address that its terminal shows. */
export function DemoDoor({ town }: { readonly town: Town }) {
  const { t } = useTranslation();
  const client = useClient();
  const session = useSession();
  const say = useSayError();
  const action = useAction();
  const [token] = useState(takeToken);
  const read = useCallback((signal: AbortSignal) => client.call("POST /demo", { token }, { signal }), [client, token]);
  const { value, error, retry } = useResource(read);

  function enter(person: string): void {
    action.run(async () => {
      await client.call("POST /demo/sign-in", { token, person });
      history.replaceState(null, "", "/");
      await session.begin();
    });
  }

  return (
    <Doors town={town}>
      <h1>{t("demo.title")}</h1>
      <p>{t("demo.text")}</p>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : (
        <ul className="plain demo-people">
          {value.items.map(({ id, name, roles }) => (
            <li key={id}>
              <Button kind="secondary" icon="user" isBusy={action.isBusy} onClick={() => enter(id)}>
                {name}
              </Button>
              <p className="field-hint">{roles.map((role) => t(`demo.role_${role}`)).join(" ")}</p>
            </li>
          ))}
        </ul>
      )}
    </Doors>
  );
}
