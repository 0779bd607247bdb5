// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { goTo, keepScreen } from "../../app/provider";
import { useClient } from "../../app/session";
import type { CameBack } from "../../core/api/provider";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { Brought } from "./Brought";

/** Leads to the town's provider. */
export function ProviderButton({ name }: { readonly name: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const say = useSayError();
  return (
    <>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <Button
        kind="secondary"
        icon="user"
        isBusy={action.isBusy}
        onClick={() =>
          action.run(async () => {
            const { url } = await client.call("POST /sign-in/provider", {});
            keepScreen();
            await goTo(url);
          })
        }
      >
        {t("provider.enter", { name })}
      </Button>
    </>
  );
}

/** Somebody comes back from there. */
export function FromProvider({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const client = useClient();
  const enter = useCallback(async (brought: CameBack) => onStep(await client.call("POST /sign-in/provider/answer", brought)), [client, onStep]);
  return <Brought onBrought={enter} />;
}
