// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { goTo, takeAnswer } from "../../app/provider";
import { useClient } from "../../app/session";
import type { SignInStep } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";

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
        onClick={() => action.run(async () => goTo((await client.call("POST /sign-in/provider", {})).url))}
      >
        {t("provider.enter", { name })}
      </Button>
    </>
  );
}

/** Somebody comes back from there. */
export function FromProvider({ onStep }: { readonly onStep: (step: SignInStep) => Promise<void> }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const { error, run } = useAction();
  const [brought] = useState(takeAnswer);
  const isAsked = useRef(false);
  useEffect(() => {
    if (isAsked.current || brought === null) return;
    isAsked.current = true; // an answer counts once
    run(async () => onStep(await client.call("POST /sign-in/provider/answer", brought)));
  }, [client, run, onStep, brought]);
  if (brought === null) return <Alert kind="info">{t("provider.refused")}</Alert>;
  return error === undefined ? <Loading /> : <Alert kind="danger">{say(error)}</Alert>;
}
